import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import { type WorkerExit, WorkerProcess, workerArguments } from '../workers/index.ts'
import {
  type FrameLine,
  type MaskBox,
  type NativePixels,
  type PIXEL_DOUBTS,
  type PixelReply,
  type PixelRequest,
  pixelReply,
  type ReadLimits,
} from './messages.ts'
import type { ModelFiles } from './text-reader.ts'

/** Why nothing may be concluded about pixels. */
export type PixelDoubt = (typeof PIXEL_DOUBTS)[number] | 'timed-out' | 'crashed' | 'stopped'

/** The text of an object's pixels. */
export type PixelText =
  | {
      readonly kind: 'read'
      readonly lines: readonly FrameLine[]
      readonly frames: number
      readonly framesRead: number
    }
  | { readonly kind: 'doubt'; readonly reason: PixelDoubt; readonly detail: string }

/** Pixels after masking: written natively to the target, and read again. */
export type MaskedPixels =
  | { readonly kind: 'masked'; readonly pixels: NativePixels; readonly lines: readonly FrameLine[] }
  | { readonly kind: 'doubt'; readonly reason: PixelDoubt; readonly detail: string }

/** A frame as a PNG in the target. */
export type RenderedFrame =
  | { readonly kind: 'rendered'; readonly frames: number; readonly width: number; readonly height: number }
  | { readonly kind: 'doubt'; readonly reason: PixelDoubt; readonly detail: string }

/** What the reader is made of. */
export interface PixelReaderOptions {
  /** The root of the installation. */
  readonly programRoot: string
  /** Absolute; files to read and targets to write lie here. */
  readonly workFolder: string
  readonly limits: ReadLimits & {
    /** For one object, from the moment that the worker has it; a frame takes up to some seconds. */
    readonly timeoutMs: number
    readonly heapMiB: number
  }
  readonly logger: Logger
  /** Other files than those of the installed models. */
  readonly models?: ModelFiles
}

export const PIXEL_READER_LIMITS: PixelReaderOptions['limits'] = {
  maximumFileBytes: 512 * 2 ** 20,
  maximumDecodedBytes: 256 * 2 ** 20,
  timeoutMs: 600_000,
  heapMiB: 512,
}

const ENTRY = resolve(import.meta.dirname, 'worker', 'main.ts')
const CODE = ['node_modules', 'appliance/imaging', 'appliance/pixel-text', 'appliance/workers', 'sync-agent']
const MANIFESTS = ['appliance/package.json', 'package.json']

type Settle = (
  end: Extract<PixelReply, { kind: 'read' | 'masked' | 'rendered' | 'failed' }> | WorkerExit | 'timed-out' | 'stopped',
) => void

interface Job {
  readonly request: PixelRequest
  readonly lines: FrameLine[]
  readonly settle: Settle
}

/**
 * Reads and masks text in pixels in a child process that sees nothing but the work folder, has no network and can be
 * killed. The process starts with the first object and is started again when it dies; objects wait for each other.
 */
export class PixelReader implements Service {
  readonly #options: PixelReaderOptions
  readonly #waiting: Job[] = []
  #worker: WorkerProcess<PixelRequest, PixelReply> | undefined
  #ready = false
  #current: Job | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = true
  #gone: (() => void) | undefined

  constructor(options: PixelReaderOptions) {
    this.#options = options
  }

  /** Objects that are waiting or being read. */
  get pending(): number {
    return this.#waiting.length + (this.#current === undefined ? 0 : 1)
  }

  async start(): Promise<void> {
    this.#stopped = false
  }

  /** Ends the process; what waits is in doubt as `stopped`. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const job of this.#waiting.splice(0)) job.settle('stopped')
    if (this.#worker === undefined) return
    const gone = new Promise<void>((answer) => {
      this.#gone = answer
    })
    this.#worker.kill()
    await gone
  }

  /** Reads the text of a file's frames: all, or so many evenly spread ones. */
  async read(file: string, mostFrames: number = Number.MAX_SAFE_INTEGER): Promise<PixelText> {
    const { limits } = this.#options
    const { end, lines } = await this.#run({
      kind: 'read',
      file,
      mostFrames,
      requestId: randomUUID(),
      limits: own(limits),
    })
    if (typeof end === 'object' && 'kind' in end && end.kind === 'read') {
      return { kind: 'read', lines, frames: end.frames, framesRead: end.framesRead }
    }
    return doubtOf(end)
  }

  /**
   * Blacks out boxes, writes the pixels natively to a new file, and reads every frame again.
   * @param reread `false`: a person answers for what is left.
   */
  async mask(file: string, target: string, boxes: readonly MaskBox[], reread = true): Promise<MaskedPixels> {
    const { limits } = this.#options
    const request: PixelRequest = {
      kind: 'mask',
      file,
      target,
      boxes: [...boxes],
      reread,
      requestId: randomUUID(),
      limits: own(limits),
    }
    const { end, lines } = await this.#run(request)
    if (typeof end === 'object' && 'kind' in end && end.kind === 'masked') {
      return { kind: 'masked', pixels: end.pixels, lines }
    }
    return doubtOf(end)
  }

  /** Writes a frame as a PNG to a new file; a number beyond the last frame means the last. */
  async render(file: string, target: string, frame: number): Promise<RenderedFrame> {
    const requestId = randomUUID()
    const limits = own(this.#options.limits)
    const { end } = await this.#run({ kind: 'render', file, target, frame, requestId, limits })
    if (typeof end === 'object' && 'kind' in end && end.kind === 'rendered') {
      const { frames, width, height } = end
      return { kind: 'rendered', frames, width, height }
    }
    return doubtOf(end)
  }

  #run(request: PixelRequest): Promise<{ end: Parameters<Settle>[0]; lines: FrameLine[] }> {
    return new Promise((answer) => {
      const lines: FrameLine[] = []
      const job: Job = { request, lines, settle: (end) => answer({ end, lines }) }
      if (this.#stopped) {
        job.settle('stopped')
        return
      }
      this.#waiting.push(job)
      void this.#next()
    })
  }

  async #next(): Promise<void> {
    if (this.#current !== undefined || this.#waiting.length === 0) return
    if (this.#worker === undefined) {
      await this.#launch()
      return
    }
    if (!this.#ready) return
    const job = this.#waiting.shift()
    if (job === undefined) return
    this.#current = job
    this.#timer = setTimeout(() => {
      this.#end('timed-out')
      this.#worker?.kill()
    }, this.#options.limits.timeoutMs)
    this.#worker.send(job.request)
  }

  async #launch(): Promise<void> {
    const { programRoot, workFolder, limits, models } = this.#options
    const named = models === undefined ? [] : [models.detectionPath, models.recognitionPath, models.dictionaryPath]
    const given = [...[...CODE, ...MANIFESTS].map((part) => join(programRoot, part)), ...named, workFolder]
    const real = await Promise.all(given.map((path) => realpath(path).catch(() => path)))
    // Another caller may have launched it meanwhile.
    if (this.#worker !== undefined || this.#stopped) return
    const readable = [...new Set([...given, ...real])]
    const writable = [...new Set([workFolder, real.at(-1) ?? workFolder])]
    const args = [
      ...workerArguments({ readable, writable, heapMiB: limits.heapMiB }, ENTRY),
      ...(models === undefined ? [] : [JSON.stringify(models)]),
    ]
    this.#worker = WorkerProcess.launch<PixelRequest, PixelReply>(args, workFolder, pixelReply, {
      onReply: (reply) => this.#onReply(reply),
      onExit: (exit) => this.#onExit(exit),
    })
  }

  #onReply(reply: PixelReply): void {
    if (reply.kind === 'ready') this.#ready = true
    else if (reply.requestId !== this.#current?.request.requestId) return
    else if (reply.kind === 'lines') {
      this.#current.lines.push(...reply.lines)
      return
    } else this.#end(reply)
    void this.#next()
  }

  #onExit(exit: WorkerExit): void {
    const { logger } = this.#options
    if (!this.#stopped) logger.warn('pixel-text.worker-ended', { signal: exit.signal, code: exit.code })
    const early = !this.#ready
    this.#worker = undefined
    this.#ready = false
    this.#end(this.#stopped ? 'stopped' : exit)
    this.#gone?.()
    // A worker that cannot even start (a missing model) is not tried for ever: what waits is in doubt.
    if (early) for (const job of this.#waiting.splice(0)) job.settle(exit)
    void this.#next()
  }

  #end(end: Parameters<Settle>[0]): void {
    clearTimeout(this.#timer)
    const job = this.#current
    this.#current = undefined
    job?.settle(end)
  }
}

function own({ maximumFileBytes, maximumDecodedBytes }: PixelReaderOptions['limits']): ReadLimits {
  return { maximumFileBytes, maximumDecodedBytes }
}

function doubtOf(end: Parameters<Settle>[0]): Extract<PixelText, { kind: 'doubt' }> {
  if (end === 'timed-out' || end === 'stopped') return { kind: 'doubt', reason: end, detail: '' }
  if ('kind' in end && end.kind === 'failed') return { kind: 'doubt', reason: end.reason, detail: end.detail }
  const detail = 'signal' in end ? (end.signal ?? `exit code ${end.code ?? 'unknown'}`) : ''
  return { kind: 'doubt', reason: 'crashed', detail }
}
