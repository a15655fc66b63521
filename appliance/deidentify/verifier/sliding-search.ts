import type { BulkSearch } from './bulk-search.ts'

/** Bytes on either side that decide whether a match counts (`patterns.ts`). */
const CONTEXT_BYTES = 8

/**
 * A search over data that comes in pieces of any size: what lies across their seams is found as if they were one, and of
 * what has passed only as much is kept as a pattern and its surroundings have.
 */
export class SlidingSearch {
  readonly #search: BulkSearch
  readonly #kept: number
  #carry: Uint8Array = new Uint8Array(0)
  #found = false
  #begun = false

  constructor(search: BulkSearch) {
    this.#search = search
    this.#kept = search.longest + 2 * CONTEXT_BYTES
  }

  /** True once something was found; further pieces need not be given. */
  get found(): boolean {
    return this.#found
  }

  /** Takes the next piece; it is the caller's again afterwards. */
  push(piece: Uint8Array): void {
    if (this.#found || piece.length === 0) return
    const seam = Buffer.concat([this.#carry, piece.subarray(0, 2 * this.#kept)])
    // What begins or ends nearer to an edge was, or will be, looked at with its surroundings.
    this.#found = this.#search.matches(seam, this.#begun ? CONTEXT_BYTES : 0, seam.length - CONTEXT_BYTES)
    if (piece.length > 2 * this.#kept)
      this.#found ||= this.#search.matches(piece, CONTEXT_BYTES, piece.length - CONTEXT_BYTES)
    const rest = piece.length >= this.#kept ? piece : seam
    const carried = rest.subarray(Math.max(0, rest.length - this.#kept))
    // While everything still fits into the carry, its first byte is the first of the data.
    this.#begun ||= this.#carry.length + piece.length > this.#kept
    this.#carry = Buffer.from(carried)
  }

  /** Looks at the end of the data. @returns whether anything was found. */
  finish(): boolean {
    this.#found ||= this.#search.matches(this.#carry, this.#begun ? CONTEXT_BYTES : 0)
    return this.#found
  }
}
