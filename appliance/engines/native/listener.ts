import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCodedError, systemRandomness } from '@leadglass/sync-agent/foundation'
import { type AssociationFacts, type DicomPortParts, parseFileMeta } from '../../dimse/index.ts'
import { EngineError } from '../errors.ts'
import type { DimseListener } from '../ports.ts'
import { endNative, startNative } from './child-process.ts'

const READY_WITHIN_MS = 10_000
const LOOK_MS = 50

/**
 * The listener of dicom-dimse-native. An object reaches `storage` after its sender was told success, and nothing is known
 * of the caller: both are promises that this engine does not keep.
 */
export class NativeListener implements DimseListener {
  readonly #addon: string
  readonly #parts: DicomPortParts
  #child: ChildProcess | undefined
  #folder: string | undefined
  #port = 0
  #keeping: Promise<void> = Promise.resolve()
  readonly tlsPort = 0
  readonly openAssociations = 0

  constructor(addon: string, parts: DicomPortParts) {
    this.#addon = addon
    this.#parts = parts
  }

  get port(): number {
    return this.#port
  }

  /** @throws EngineError (`engine-failed`) when the port does not open. */
  async start(): Promise<void> {
    const { options, plan } = this.#parts
    const port = plan().plain
    if (port === undefined || port === 0)
      throw new EngineError('engine-failed', 'the native engine needs a port of its own, not 0')
    this.#folder = await mkdtemp(join(tmpdir(), 'leadglass-native-'))
    const request = {
      kind: 'listen',
      addon: this.#addon,
      aeTitle: options.aeTitle,
      port,
      folder: this.#folder,
    } as const
    this.#child = startNative(request, (reply) => {
      // One after the other, as the addon gives them.
      if (reply.kind === 'object')
        this.#keeping = this.#keeping.then(() => this.#keep(Buffer.from(reply.base64, 'base64')))
      else options.logger.error('engine.native.ended', { port })
    })
    this.#child.once('exit', () => options.logger.warn('engine.native.gone', { port }))
    try {
      await this.#ready(this.#child, port)
    } catch (cause) {
      await this.stop()
      throw cause
    }
    this.#port = port
    options.logger.info('engine.native.listening', { port })
  }

  async stop(): Promise<void> {
    const [child, folder] = [this.#child, this.#folder]
    this.#child = undefined
    this.#folder = undefined
    this.#port = 0
    if (child !== undefined) await endNative(child)
    await this.#keeping
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }

  /** TLS that the settings ask for later cannot be had: said, and not opened. */
  refresh(): Promise<void> {
    if (this.#parts.plan().tls !== undefined) this.#parts.logger.error('engine.native.no-tls')
    return Promise.resolve()
  }

  async #ready(child: ChildProcess, port: number): Promise<void> {
    const until = Date.now() + READY_WITHIN_MS
    while (!(await isOpen(port))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > until)
        throw new EngineError('engine-failed', `the native engine does not listen on port ${port}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  async #keep(file: Buffer): Promise<void> {
    const { options, logger } = this.#parts
    const { storage } = options
    const association = this.#facts()
    const counts = { stored: 0, refused: 0 }
    try {
      const head = parseFileMeta(file)
      if (head === undefined) throw new EngineError('engine-failed', 'an object came without file meta information')
      const { sopClassUid, sopInstanceUid, transferSyntaxUid } = head.meta
      storage.associationAccepted(association)
      const facts = { association, sopClassUid, sopInstanceUid, transferSyntaxUid, moveOriginator: null }
      const sink = await storage.begin(facts)
      if ('kind' in sink) counts.refused = 1
      else {
        await sink.write(file.subarray(head.dataSetOffset))
        counts[(await sink.commit()).kind] += 1
      }
      if (counts.refused > 0) logger.error('engine.native.lost', { why: 'refused' })
    } catch (cause) {
      logger.error('engine.native.lost', { why: isCodedError(cause) ? cause.code : 'unexpected' })
    }
    storage.associationEnded(association, 'released', counts)
  }

  /** The addon tells nothing of a caller. */
  #facts(): AssociationFacts {
    const bytes = Buffer.from((this.#parts.options.randomness ?? systemRandomness).bytes(16)).toString('hex')
    return {
      associationId: `native-${bytes}`,
      calledAeTitle: this.#parts.options.aeTitle,
      callingAeTitle: 'UNKNOWN',
      remoteAddress: '',
      remotePort: 0,
      implementationClassUid: '',
      implementationVersionName: '',
      tls: false,
      certificateSubject: null,
      certificateSha256: null,
    }
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    const settle = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
