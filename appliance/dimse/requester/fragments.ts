import { DimseError } from '../errors.ts'
import { encodeDataHeader, largestFragment } from '../upper-layer/pdu-writer.ts'

/** Fragments are not made larger than this, whatever the peer allows: it bounds what is held at once. */
const LARGEST_PDU_BYTES = 131_072

/**
 * Cuts a data set that comes in pieces of any size into P-DATA-TF PDUs, each given as a header and views of the pieces.
 * One fragment is held back, because the last one must be marked as such (PS3.8 E.2).
 */
export class FragmentCutter {
  readonly #contextId: number
  readonly #largest: number
  readonly #padOdd: boolean
  #held: Uint8Array[] = []
  #heldBytes = 0
  #total = 0

  /** @param peerMaxLength what the peer announced; 0 for no limit (PS3.8 D.1). @param padOdd see `end`. */
  constructor(contextId: number, peerMaxLength: number, padOdd: boolean) {
    this.#contextId = contextId
    this.#largest = largestFragment(
      peerMaxLength === 0 ? LARGEST_PDU_BYTES : Math.min(peerMaxLength, LARGEST_PDU_BYTES),
    )
    this.#padOdd = padOdd
  }

  /** Adds a piece and returns the PDUs that are now certain not to be the last. */
  add(piece: Uint8Array): Uint8Array[][] {
    const pdus: Uint8Array[][] = []
    let at = 0
    this.#total += piece.length
    while (at < piece.length) {
      if (this.#heldBytes === this.#largest) pdus.push(this.#flush(false))
      const end = Math.min(piece.length, at + this.#largest - this.#heldBytes)
      this.#held.push(piece.subarray(at, end))
      this.#heldBytes += end - at
      at = end
    }
    return pdus
  }

  /**
   * The last PDU. A deflated data set of odd length gets a NUL (PS3.5 A.5); any other is cut short or damaged.
   * @throws DimseError `data-source-failed` for an empty data set or one of odd length.
   */
  end(): Uint8Array[] {
    if (this.#total === 0) throw new DimseError('data-source-failed', 'the data set is empty')
    if (this.#total % 2 !== 0) {
      if (!this.#padOdd) throw new DimseError('data-source-failed', 'the data set has an odd length (PS3.5 7.1)')
      this.#held.push(new Uint8Array(1))
      this.#heldBytes += 1
    }
    return this.#flush(true)
  }

  #flush(last: boolean): Uint8Array[] {
    const pdu = [encodeDataHeader(this.#contextId, false, last, this.#heldBytes), ...this.#held]
    this.#held = []
    this.#heldBytes = 0
    return pdu
  }
}
