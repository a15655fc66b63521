import { STATUS } from '../message/commands.ts'
import type { InstanceFacts, InstanceSink, StorageService, StoreOutcome, StoreRefusal } from '../ports.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'

const TOO_LARGE: StoreRefusal = {
  kind: 'refused',
  status: STATUS.outOfResources,
  comment: 'instance is larger than this node accepts',
}
const STORAGE_FAILED: StoreRefusal = {
  kind: 'refused',
  status: STATUS.outOfResources,
  comment: 'storage failed; try again later',
}
const EMPTY: StoreRefusal = {
  kind: 'refused',
  status: STATUS.dataSetDoesNotMatchSopClass,
  comment: 'data set is empty',
}

/**
 * Opens the sink for one instance. A service that throws counts as a refusal with 0xA700, so the sender tries again.
 * @param report is told about such a failure: the sender sees only the status.
 */
export async function openSink(
  storage: StorageService,
  facts: InstanceFacts,
  report: (error: unknown) => void,
): Promise<InstanceSink | StoreRefusal> {
  try {
    return await storage.begin(facts)
  } catch (error) {
    report(error)
    return STORAGE_FAILED
  }
}

/**
 * Carries the fragments of one data set to its sink. After a refusal the rest is read and dropped, so that the sender
 * gets a status instead of an abort (PS3.7 9.1.1.1.9); a sender that goes on beyond twice the limit is aborted.
 */
export class StoreReceiver {
  readonly #maxBytes: number
  readonly #report: (error: unknown) => void
  #sink: InstanceSink | undefined
  #refusal: StoreRefusal | undefined
  #bytes = 0

  constructor(opened: InstanceSink | StoreRefusal, maxBytes: number, report: (error: unknown) => void) {
    if ('kind' in opened) this.#refusal = opened
    else this.#sink = opened
    this.#maxBytes = maxBytes
    this.#report = report
  }

  get keepsFragments(): boolean {
    return this.#sink !== undefined && this.#sink.borrowsFragments !== true
  }

  /** The common way takes no promise: the sink returned nothing, so neither does this. */
  write(fragment: Uint8Array): void | Promise<void> {
    this.#bytes += fragment.length
    if (this.#sink === undefined) {
      if (this.#bytes > 2 * this.#maxBytes)
        throw new MalformedMessageError('data set goes on far beyond the size limit')
      return
    }
    if (this.#bytes > this.#maxBytes) return this.#refuse(TOO_LARGE)
    if (fragment.length === 0) return
    try {
      return this.#sink.write(fragment)?.catch((error: unknown) => this.#failed(error))
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** Makes the instance durable, or tells why not. Never rejects. */
  async finish(): Promise<StoreOutcome> {
    if (this.#bytes === 0 && this.#sink !== undefined) await this.#refuse(EMPTY)
    const sink = this.#sink
    if (sink === undefined) return this.#refusal ?? STORAGE_FAILED
    this.#sink = undefined
    try {
      return await sink.commit()
    } catch (error) {
      this.#report(error)
      return STORAGE_FAILED
    }
  }

  /** Forgets a data set whose end will not come. Never rejects. */
  async discard(): Promise<void> {
    const sink = this.#sink
    this.#sink = undefined
    try {
      await sink?.discard()
    } catch (error) {
      this.#report(error)
    }
  }

  #failed(error: unknown): Promise<void> {
    this.#report(error)
    return this.#refuse(STORAGE_FAILED)
  }

  #refuse(refusal: StoreRefusal): Promise<void> {
    this.#refusal = refusal
    return this.discard()
  }
}
