import { type DeviceId, MAX_BATCH_BYTES, topics } from '@leadglass/sync-agent/contract'
import { isCodedError, type Logger } from '@leadglass/sync-agent/foundation'
import type { AlarmBook } from './alarms.ts'
import type { BatchResult, InboxStore } from './inbox-store.ts'
import { type ParsedBatch, parsePayload } from './payload.ts'

/** Batches, and their bytes as they travelled, that wait before the broker is asked to wait too. */
const HIGH_WATER = 256
const HIGH_WATER_BYTES = 4_194_304
/** Batches committed together, one fsync for all of them; and bytes, which bound how long a commit keeps the hub busy. */
const GROUP = 128
const GROUP_BYTES = 1_048_576
/** How long a commit waits for batches that are about to come: a flush of the disk costs as much for one as for many. */
const GATHER_MS = 4

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
  readonly #queue: { readonly bytes: number; readonly parsed: Promise<ParsedBatch | undefined> }[] = []
  #waitingBytes = 0
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
    this.#queue.push({ bytes: payload.length, parsed: this.#parse(device, payload, most) })
    this.#waitingBytes += payload.length
    this.#draining ??= this.#drain()
    if (this.#queue.length >= HIGH_WATER || this.#waitingBytes >= HIGH_WATER_BYTES)
      await new Promise<void>((resolve) => this.#room.push(resolve))
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
      this.#raise(device, code)
      return undefined
    }
  }

  /** An alarm that cannot be written, as on a full disk, is told in the log and must not end the hub. */
  #raise(device: DeviceId, code: string): void {
    try {
      this.#alarms.raise(device, code, 1)
    } catch (error) {
      this.#logger.error('ingest.alarm-not-written', { device, code, reason: String(error) })
    }
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // A turn of the loop for the sockets at least: answers go out, and others are heard, between two commits.
      await new Promise<void>((resolve) => {
        if (this.#queue.length >= GROUP) setImmediate(resolve)
        else setTimeout(resolve, GATHER_MS)
      })
      const group = this.#queue.slice(0, this.#groupLength())
      const parsed = await Promise.all(group.map((one) => one.parsed))
      await this.#commit(parsed.filter((batch) => batch !== undefined))
      for (const { bytes } of this.#queue.splice(0, group.length)) this.#waitingBytes -= bytes
      for (const resolve of this.#room.splice(0)) resolve()
    }
    this.#draining = undefined
  }

  /** How many of those that wait are committed next: at least one. */
  #groupLength(): number {
    let bytes = 0
    let length = 0
    for (const one of this.#queue.slice(0, GROUP)) {
      bytes += one.bytes
      if (length > 0 && bytes > GROUP_BYTES) break
      length += 1
    }
    return length
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
