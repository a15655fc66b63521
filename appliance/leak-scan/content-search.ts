import { constants, gunzipSync } from 'node:zlib'
import { type Finding, type IdentifierSearch, textsOf } from '../deidentify/index.ts'

/** Searched at once; identifiers across the seams are found since windows overlap. */
const WINDOW_BYTES = 2 ** 20
const OVERLAP_BYTES = 4096

/** Compressed pieces within other data, such as a payload in a column: bounded, since they may be bombs. */
const GZIP = Buffer.from([0x1f, 0x8b, 0x08])
const MOST_INFLATED = 32 * 2 ** 20
/** Of one content, from all such pieces together. */
const MOST_INFLATED_IN_ALL = 1024 * 2 ** 20

/** Different identifiers that are counted in one content; more are no more use. */
const MOST_COUNTED = 10_000

/** Finds identifiers in content that comes in pieces, of which it keeps the last few kilobytes only. */
export class ContentSearch {
  readonly #search: IdentifierSearch
  #held = Buffer.alloc(0)
  readonly #strong = new Set<number>()
  readonly #weak = new Set<number>()
  #inflated = 0
  #isWhole = true
  /** Where the window begins in the content. */
  #at = 0

  constructor(search: IdentifierSearch) {
    this.#search = search
  }

  /** False when something compressed within the content was too large to be looked at. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** How many different identifiers were found. */
  get found(): number {
    return this.#strong.size
  }

  /** How many names of 3 to 5 letters were found, which are words as well. */
  get weak(): number {
    return this.#weak.size
  }

  /** Takes the next bytes. */
  push(piece: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, piece])
    while (this.#held.length >= WINDOW_BYTES) {
      this.#look(this.#held.subarray(0, WINDOW_BYTES))
      this.#held = this.#held.subarray(WINDOW_BYTES - OVERLAP_BYTES)
      this.#at += WINDOW_BYTES - OVERLAP_BYTES
    }
  }

  /** Looks at the rest; the content ends here. */
  finish(): void {
    if (this.#held.length > 0) this.#look(this.#held)
    // What is pushed from here on is another reading of the same content.
    this.#at += this.#held.length
    this.#held = Buffer.alloc(0)
  }

  #look(window: Buffer): void {
    const count = (finding: Finding): boolean => {
      if (finding.isWeak) this.#weak.add(finding.form)
      else this.#strong.add(finding.form)
      return this.#strong.size < MOST_COUNTED
    }
    for (const text of textsOf(window)) this.#search.search(text, count)
    for (let at = window.indexOf(GZIP); at >= 0; at = window.indexOf(GZIP, at + 1)) {
      // A content that is compressed as a whole is inflated by whoever gives it.
      if (this.#at + at === 0) continue
      const inflated = this.#inflatedAt(window.subarray(at))
      if (inflated !== undefined) for (const text of textsOf(inflated)) this.#search.search(text, count)
    }
  }

  /** What a piece says that begins here; of one that goes on behind the window its beginning. */
  #inflatedAt(bytes: Buffer): Buffer | undefined {
    if (this.#inflated > MOST_INFLATED_IN_ALL) {
      this.#isWhole = false
      return undefined
    }
    try {
      const inflated = gunzipSync(bytes, { maxOutputLength: MOST_INFLATED, finishFlush: constants.Z_SYNC_FLUSH })
      this.#inflated += inflated.length
      return inflated
    } catch (cause) {
      if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') {
        this.#inflated += MOST_INFLATED
        this.#isWhole = false
      }
      return undefined
    }
  }
}
