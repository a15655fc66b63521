import { type Acknowledgement, type DeviceId, MAX_BATCH_BYTES, MAX_UPLOAD_BYTES } from '@leadglass/sync-agent/contract'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import { type AlarmBook, type BatchResult, type ParsedBatch, parsePayload } from '../ingest/index.ts'
import { EndpointError } from './errors.ts'
import type { BatchIntake, UploadIntake } from './ports.ts'

/** Batches committed together; one fsync for all of them. */
const GROUP = 32

interface Waiting {
  readonly parsed: Promise<ParsedBatch>
  readonly resolve: (answer: Acknowledgement) => void
  readonly reject: (error: unknown) => void
}

/** What the intake asks of the hub's inbox. */
export interface InboxPort {
  commit(batches: readonly ParsedBatch[]): readonly BatchResult[] | Promise<readonly BatchResult[]>
}

/** The hub's own inbox as the intake: the same parsing, the same transaction and the same answer as over the broker. */
export class InboxIntake implements BatchIntake, UploadIntake {
  readonly #inbox: InboxPort
  readonly #alarms: Pick<AlarmBook, 'raise' | 'examineTimes'>
  readonly #queue: Waiting[] = []
  #draining = false

  constructor(inbox: InboxPort, alarms: Pick<AlarmBook, 'raise' | 'examineTimes'>) {
    this.#inbox = inbox
    this.#alarms = alarms
  }

  /** @throws {PayloadError} for a payload that is no batch; {EndpointError} `device-unknown` for a stranger. */
  submitBatch(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement> {
    return this.#submit(device, payload, MAX_BATCH_BYTES)
  }

  submitUpload(device: DeviceId, payload: Uint8Array): Promise<Acknowledgement> {
    return this.#submit(device, payload, MAX_UPLOAD_BYTES)
  }

  #submit(device: DeviceId, payload: Uint8Array, most: number): Promise<Acknowledgement> {
    return new Promise((resolve, reject) => {
      const parsed = parsePayload(device, payload, most)
      parsed
        .then(
          ({ envelopes }) => this.#alarms.examineTimes(device, envelopes),
          (error: unknown) => {
            if (isCodedError(error)) this.#alarms.raise(device, error.code, 1)
          },
        )
        // An alarm that cannot be written, as on a full disk, must not end the hub; the batch itself is refused or waits.
        .catch(() => undefined)
      this.#queue.push({ parsed, resolve, reject })
      if (!this.#draining) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#draining = true
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, GROUP)
      const readable: { readonly waiting: Waiting; readonly batch: ParsedBatch }[] = []
      for (const waiting of group) {
        try {
          readable.push({ waiting, batch: await waiting.parsed })
        } catch (error) {
          waiting.reject(error)
        }
      }
      await this.#commit(readable)
    }
    this.#draining = false
  }

  async #commit(group: readonly { readonly waiting: Waiting; readonly batch: ParsedBatch }[]): Promise<void> {
    if (group.length === 0) return
    try {
      const results = await this.#inbox.commit(group.map(({ batch }) => batch))
      for (const [i, { waiting }] of group.entries()) settle(waiting, results[i])
    } catch (error) {
      // One batch that cannot be written must not hold back its neighbours.
      if (group.length > 1) for (const one of group) await this.#commit([one])
      else group[0]?.waiting.reject(error)
    }
  }
}

function settle(waiting: Waiting, result: BatchResult | undefined): void {
  if (result?.outcome === 'committed') waiting.resolve(result.acknowledgement)
  else waiting.reject(new EndpointError('device-unknown', 'the device is not enrolled, or was revoked'))
}
