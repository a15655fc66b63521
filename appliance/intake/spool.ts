import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Logger, type Randomness, syncFolder } from '@leadglass/sync-agent/foundation'
import { memorySource } from '../imaging/dataset/index.ts'
import { SpoolError } from './errors.ts'
import { IncomingInstance, releaseMemory } from './incoming-instance.ts'
import { beginningOf, isThere, isWhole, type LandedPaths } from './landed-body.ts'
import { decodeLandingRecord, encodeLandingRecord, type LandedInstance, type LandingRecord } from './landed-instance.ts'
import { LandingLog } from './landing/landing-log.ts'
import { openLogFile } from './landing/log-file.ts'
import { PartFile } from './part-file.ts'
import { Settler } from './settler.ts'
import { BodyEncryptor, PlainBody } from './spool-cipher.ts'
import { HEAD_BYTES, openSpoolFile, readSpoolFileHead, spoolFileHead } from './spool-file.ts'
import { exactly, type OpenObject, openBodySource, openEither } from './spool-source.ts'
import { type FileKeys, KEY_BYTES } from './study-keys.ts'

/** What a spool needs of the world. */
export interface SpoolOptions {
  readonly folder: string
  /** 32 bytes: the site's key, which wraps the keys of studies and of the landing log. */
  readonly key: Uint8Array
  readonly keys: FileKeys
  readonly randomness: Randomness
  readonly logger: Logger
  /** Whether what comes from now on is encrypted; yes unless told. What is there is read either way. */
  readonly encrypts?: () => boolean
  /** Largest size of one segment of the landing log. */
  readonly segmentBytes?: number
}

const SEGMENT_BYTES = 67_108_864
const DRAIN_MS = 30_000
const DRAIN_LOOK_MS = 10
/** A gibibyte of instances may wait for files of their own. */
const MOST_SEGMENTS = 16

/**
 * The folder of received instances. What comes is durable first in `landing/`, a write-ahead log (large ones in
 * `incoming/`), and moves to `<2 hex>/<digest>.dcm` once it is registered and there is time.
 */
export class Spool {
  readonly #options: SpoolOptions
  readonly #log: LandingLog
  readonly #settler: Settler
  readonly #landed = new Map<string, LandedInstance>()
  #coming = 0

  constructor(options: SpoolOptions) {
    this.#options = options
    const { folder, key, randomness, logger, segmentBytes = SEGMENT_BYTES } = options
    const landing = join(folder, 'landing')
    this.#log = new LandingLog({
      siteKey: key,
      randomness,
      open: async (number) => {
        const file = openLogFile(join(landing, `${String(number).padStart(2, '0')}.log`))
        await syncFolder(landing)
        return file
      },
      existing: async () => {
        const names = (await readdir(landing)).filter((name) => /^\d\d\.log$/.test(name))
        return names.map((name) => Number(name.slice(0, 2))).sort((a, b) => a - b)
      },
      segmentBytes,
      mostSegments: MOST_SEGMENTS,
    })
    this.#settler = new Settler({
      folder,
      log: this.#log,
      logger,
      onSettled: (instance) => {
        if (this.#landed.get(instance.digest) === instance) this.#landed.delete(instance.digest)
      },
    })
  }

  /** Makes the folders, durably. */
  async prepare(): Promise<void> {
    const { folder } = this.#options
    const names = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'))
    const make = (name: string) => mkdir(join(folder, name), { recursive: true, mode: 0o700 })
    await Promise.all(['incoming', 'landing', ...names].map(make))
    await syncFolder(folder)
  }

  /**
   * Opens the landing log. @returns what was acknowledged, or might have been, and has no file of its own yet, in the
   * order in which it came: each is to be registered and settled before anything new is taken.
   */
  async recover(): Promise<LandedInstance[]> {
    const instances: LandedInstance[] = []
    for (const frame of await this.#log.open()) {
      const instance = { ...decodeLandingRecord(frame.record), landed: frame }
      if (await isWhole(instance, this.#pathsOf(instance))) {
        this.#landed.set(instance.digest, instance)
        instances.push(instance)
      } else this.#log.release(frame)
    }
    return instances
  }

  /** Takes one instance that is about to come. */
  begin(): IncomingInstance {
    const { randomness, folder, encrypts } = this.#options
    this.#coming += 1
    const fileKey = encrypts?.() === false ? null : randomness.bytes(KEY_BYTES)
    return new IncomingInstance({
      fileKey,
      writer: fileKey === null ? new PlainBody() : new BodyEncryptor(fileKey),
      createPart: () => PartFile.create(join(folder, 'incoming', `${randomUUID()}.part`)),
      onEnd: () => {
        this.#coming -= 1
      },
    })
  }

  /** Makes an instance durable, content and record. @throws what the file system throws; the instance is forgotten. */
  async land(
    incoming: IncomingInstance,
    about: Omit<LandingRecord, 'v' | 'bodyBytes' | 'fileKey' | 'file'>,
  ): Promise<LandedInstance> {
    const { fileKey } = incoming
    const alone = this.#coming === 1
    const whole = await incoming.finish()
    const record: LandingRecord = {
      v: 1,
      ...about,
      bodyBytes: whole.bodyBytes,
      fileKey: fileKey === null ? null : Buffer.from(fileKey).toString('base64'),
      file: whole.kind === 'file' ? whole.name : null,
    }
    const pieces = whole.kind === 'file' ? [] : whole.pieces
    const landed = await this.#log.append(encodeLandingRecord(record), pieces, alone)
    pieces.forEach(releaseMemory)
    const instance = { ...record, landed }
    if (!this.#landed.has(record.digest)) this.#landed.set(record.digest, instance)
    return instance
  }

  /**
   * A landed instance is registered, durably: it gets its own file when there is time.
   * @param known true when its content was registered before.
   */
  settle(instance: LandedInstance, wrapped: { keyId: number; wrapped: Uint8Array } | null, known: boolean): void {
    this.#settler.add({ instance, head: spoolFileHead(wrapped, instance.bodyBytes), known })
  }

  /**
   * Everything that has landed is in its own file and nowhere else when this resolves: no start brings back from the log
   * what is removed afterwards. What has landed and is not registered yet is waited for.
   * @throws {SpoolError} `spool-not-registered` when that takes too long; what the file system throws.
   */
  async drain(): Promise<void> {
    await this.#settler.drain()
    const isHeld = this.#log.retire()
    for (const deadline = performance.now() + DRAIN_MS; isHeld(); ) {
      if (performance.now() > deadline) throw new SpoolError('spool-not-registered')
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS))
      await this.#settler.drain()
    }
  }

  /** The plain bytes of a landed instance from its start, file meta group included, at least so many where it has them. */
  beginningOf(instance: LandedInstance, bytes: number): Buffer {
    return beginningOf(instance, this.#pathsOf(instance), bytes)
  }

  /** The plain bytes of an instance. @throws {SpoolError} */
  async read(digest: string): Promise<Buffer> {
    const landed = this.#landed.get(digest)
    if (landed !== undefined) return this.beginningOf(landed, landed.bodyBytes)
    let file: Buffer
    try {
      file = await readFile(this.pathOf(digest))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new SpoolError('spool-missing', cause)
      throw cause
    }
    return openSpoolFile(file, this.#options.keys, this.#options.key)
  }

  /**
   * Opens an instance to be read in ranges: of a large one no more than a chunk is in memory at a time.
   * @throws {SpoolError} `spool-missing`, `spool-damaged`, `spool-key-destroyed`.
   */
  async open(digest: string): Promise<OpenObject> {
    const landed = this.#landed.get(digest)
    if (landed !== undefined && landed.file === null) return inMemory(this.beginningOf(landed, landed.bodyBytes))
    const part = landed === undefined ? null : this.#pathsOf(landed).part
    const handle = await openEither([...(part === null ? [] : [part]), this.pathOf(digest)])
    try {
      if (landed !== undefined) {
        const key = landed.fileKey === null ? null : Buffer.from(landed.fileKey, 'base64')
        return await openBodySource(handle, landed.bodyBytes, key)
      }
      const head = readSpoolFileHead(await exactly(handle, 0, HEAD_BYTES))
      if (head.kind !== 'old') {
        const key = head.kind === 'plain' ? null : this.#options.keys.unwrap(head.keyId, head.wrapped)
        return await openBodySource(handle, head.bodyBytes, key)
      }
    } catch (cause) {
      await handle.close()
      throw cause
    }
    await handle.close()
    return inMemory(await this.read(digest))
  }

  async has(digest: string): Promise<boolean> {
    return this.#landed.has(digest) || isThere(this.pathOf(digest))
  }

  /** Removes an instance's file. One that has none yet gets it first: the log must not bring it back. */
  async remove(digest: string): Promise<void> {
    if (this.#landed.has(digest)) await this.drain()
    await rm(this.pathOf(digest), { force: true })
  }

  /** Removes what never finished. @returns how many files. */
  async clearIncoming(): Promise<number> {
    const folder = join(this.#options.folder, 'incoming')
    const names = await readdir(folder)
    await Promise.all(names.map((name) => rm(join(folder, name), { force: true })))
    return names.length
  }

  /** The digests of all kept files, one folder at a time. */
  async *digests(): AsyncGenerator<string> {
    for (let index = 0; index < 256; index += 1) {
      const names = await readdir(join(this.#options.folder, index.toString(16).padStart(2, '0')))
      for (const name of names) if (/^[0-9a-f]{64}\.dcm$/.test(name)) yield name.slice(0, 64)
    }
  }

  pathOf(digest: string): string {
    return join(this.#options.folder, digest.slice(0, 2), `${digest}.dcm`)
  }

  /** Moves what it can to files of their own and closes the log. */
  async close(): Promise<void> {
    await this.#settler.stop()
    await this.#log.close()
  }

  #pathsOf({ digest, file }: LandedInstance): LandedPaths {
    return { part: file === null ? null : join(this.#options.folder, 'incoming', file), file: this.pathOf(digest) }
  }
}

function inMemory(bytes: Uint8Array): OpenObject {
  return { ...memorySource(bytes), close: async () => undefined }
}
