/** One thing to look for: bytes in lower case (ASCII), and what its surroundings must be for a match to count. */
export interface Pattern {
  readonly bytes: Uint8Array
  readonly accepts: (haystack: Uint8Array, start: number, end: number) => boolean
}

/** ASCII lower case by byte; every other byte is itself. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte))

/**
 * Finds any of many patterns in one pass, without regard to ASCII case, in the way of Wu and Manber: a table over
 * pairs of bytes says how far the window may jump, so long patterns cost less than one look per byte.
 */
export class ByteSearch {
  readonly #window: number
  readonly #shifts = new Uint8Array(65_536)
  readonly #ending = new Map<number, Pattern[]>()

  constructor(patterns: readonly Pattern[]) {
    this.#window = Math.min(255, ...patterns.map((pattern) => pattern.bytes.length))
    this.#shifts.fill(Math.max(1, this.#window - 1))
    for (const pattern of patterns) this.#add(pattern)
  }

  /** True where one of the patterns stands in the bytes and accepts its surroundings. */
  matches(haystack: Uint8Array): boolean {
    if (this.#ending.size === 0) return false
    const shifts = this.#shifts
    const last = haystack.length - 1
    let end = this.#window - 1
    while (end <= last) {
      const pair = ((LOWER[haystack[end - 1] as number] as number) << 8) | (LOWER[haystack[end] as number] as number)
      const shift = shifts[pair] as number
      if (shift > 0) {
        end += shift
        continue
      }
      if (this.#matchesAt(haystack, end - this.#window + 1, pair)) return true
      end += 1
    }
    return false
  }

  #add(pattern: Pattern): void {
    const { bytes } = pattern
    for (let at = 1; at < this.#window; at += 1) {
      const pair = ((bytes[at - 1] ?? 0) << 8) | (bytes[at] ?? 0)
      const shift = this.#window - 1 - at
      if (shift < (this.#shifts[pair] ?? 0)) this.#shifts[pair] = shift
      if (shift === 0) this.#endingAt(pair).push(pattern)
    }
  }

  #endingAt(pair: number): Pattern[] {
    const known = this.#ending.get(pair)
    if (known !== undefined) return known
    const patterns: Pattern[] = []
    this.#ending.set(pair, patterns)
    return patterns
  }

  #matchesAt(haystack: Uint8Array, start: number, pair: number): boolean {
    for (const { bytes, accepts } of this.#ending.get(pair) ?? []) {
      if (start + bytes.length > haystack.length) continue
      let at = 0
      while (at < bytes.length && LOWER[haystack[start + at] as number] === bytes[at]) at += 1
      if (at === bytes.length && accepts(haystack, start, start + at)) return true
    }
    return false
  }
}

/** The bytes with ASCII letters in lower case, as patterns need them. */
export function lowered(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => LOWER[byte] as number)
}
