import { type DeviceId, MAX_BATCH_BYTES, topics } from '@leadglass/sync-agent/contract'
import { isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import type { AlarmBook } from './alarms.ts'
import type { BatchResult, InboxStore } from './inbox-store.ts'
import { type ParsedBatch, parsePayload } from './payload.ts'

/** Batches waiting before the broker is asked to wait too. */
const HIGH_WATER = 64
/** Batches committed together; one fsync for all of them. */
const GROUP = 32

/** Sends a message to a device. */
export type SendPort = (topic: string, message: unknown) => void

/**
 * From payload to acknowledgement: payloads are read as they come, committed in order of arrival, many a transaction,
 * and acknowledged after the commit only.
 */
export class IngestPipeline {
  readonly #inbox: InboxStore
  readonly #alarms: AlarmBook
  readonly #send: SendPort
  readonly #logger: Logger
  readonly #queue: Promise<ParsedBatch | undefined>[] = []
  #draining: Promise<void> | undefined
  #room: (() => void)[] = []

  constructor(inbox: InboxStore, alarms: AlarmBook, send: SendPort, logger: Logger) {
    this.#inbox = inbox
    this.#alarms = alarms
    this.#send = send
    this.#logger = logger
  }

  /** Takes a payload; resolves when there is room for the next. @param most bytes after inflating. */
  async take(device: DeviceId, payload: Uint8Array, most = MAX_BATCH_BYTES): Promise<void> {
    this.#queue.push(this.#parse(device, payload, most))
    this.#draining ??= this.#drain()
    if (this.#queue.length >= HIGH_WATER) await new Promise<void>((resolve) => this.#room.push(resolve))
  }

  /** Resolves when everything taken so far is committed. */
  async settle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  async #parse(device: DeviceId, payload: Uint8Array, most: number): Promise<ParsedBatch | undefined> {
    try {
      const batch = await parsePayload(device, payload, most)
      this.#alarms.examineTimes(device, batch.envelopes)
      return batch
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'payload-not-a-batch'
      this.#logger.warn('ingest.payload-refused', { device, code })
      this.#alarms.raise(device, code, 1)
      return undefined
    }
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const parsed = await Promise.all(this.#queue.slice(0, GROUP))
      await this.#commit(parsed.filter((batch) => batch !== undefined))
      void this.#queue.splice(0, parsed.length)
      for (const resolve of this.#room.splice(0)) resolve()
    }
    this.#draining = undefined
  }

  async #commit(batches: readonly ParsedBatch[]): Promise<void> {
    if (batches.length === 0) return
    try {
      for (const result of await this.#inbox.commit(batches)) this.#answer(result)
    } catch (error) {
      // One batch that cannot be written must not hold back its neighbours; alone it is dropped and sent again.
      if (batches.length > 1) for (const batch of batches) await this.#commit([batch])
      else this.#logger.error('ingest.commit-failed', { device: batches[0]?.device, reason: String(error) })
    }
  }

  #answer(result: BatchResult): void {
    if (result.outcome === 'turned-away') return
    this.#send(topics.acknowledgements(result.acknowledgement.device), result.acknowledgement)
  }
}
