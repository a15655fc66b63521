import { GrowingBytes } from '../upper-layer/growing-bytes.ts'
import { MalformedMessageError } from '../upper-layer/malformed.ts'

/** What takes the data set of one message. */
export interface DataSetReceiver {
  /** True when fragments stay in use after `write` has settled. */
  readonly keepsFragments: boolean
  write(fragment: Uint8Array): void | Promise<void>
  /** The data set is whole: answer the request. */
  finish(): Promise<void>
  /** The rest will not come. */
  discard(): Promise<void>
}

/** Reads a data set and drops it, then does what is left to do: answer a request that is refused anyway. */
export function droppingReceiver(finish: () => void | Promise<void> = () => {}): DataSetReceiver {
  return { keepsFragments: false, write() {}, finish: async () => finish(), discard: async () => {} }
}

/**
 * Keeps a data set in memory: identifiers, action and event information. One that is larger than `maxBytes` is read to
 * its end and handed over as `undefined`, so that the peer gets a status; one that goes on beyond twice the limit is
 * an error.
 */
export class CollectingReceiver implements DataSetReceiver {
  readonly keepsFragments = false
  readonly #bytes = new GrowingBytes()
  readonly #maxBytes: number
  readonly #whole: (dataSet: Uint8Array | undefined) => Promise<void>
  #received = 0

  constructor(maxBytes: number, whole: (dataSet: Uint8Array | undefined) => Promise<void>) {
    this.#maxBytes = maxBytes
    this.#whole = whole
  }

  write(fragment: Uint8Array): void {
    this.#received += fragment.length
    if (this.#received > 2 * this.#maxBytes)
      throw new MalformedMessageError('data set goes on far beyond the size limit')
    if (this.#received > this.#maxBytes) this.#bytes.take()
    else this.#bytes.append(fragment)
  }

  async finish(): Promise<void> {
    await this.#whole(this.#received > this.#maxBytes ? undefined : this.#bytes.take())
  }

  async discard(): Promise<void> {
    this.#bytes.take()
  }
}
