import type { Pattern } from './byte-search.ts'

/**
 * Finds any of many patterns of at least 5 bytes in large data, without regard to ASCII case. Any run of 5 bytes holds
 * two that begin at a multiple of 4; so one look at each aligned word of 32 bits says where a pattern can stand, and only
 * there the patterns themselves are compared.
 */
export class BulkSearch {
  /** Bytes of the longest pattern. */
  readonly longest: number
  /** 1 for every two bytes that a pattern holds, in lower case. */
  readonly #known = new Uint8Array(65_536)
  readonly #placesOf = new Map<number, { readonly pattern: Pattern; readonly at: number }[]>()

  /** @throws RangeError for a pattern under 5 bytes. */
  constructor(patterns: readonly Pattern[]) {
    this.longest = Math.max(0, ...patterns.map(({ bytes }) => bytes.length))
    for (const pattern of patterns) {
      if (pattern.bytes.length < FEWEST_BYTES) throw new RangeError('a pattern is too short for this search')
      for (let at = 0; at < 4; at += 1) this.#add(pattern, at)
    }
  }

  /**
   * True where a pattern stands and accepts its surroundings.
   * @param from first place where it may begin. @param to last place where it may end.
   */
  matches(haystack: Uint8Array, from = 0, to = haystack.length): boolean {
    if (this.#placesOf.size === 0) return false
    const skipped = (4 - (haystack.byteOffset & 3)) & 3
    // Halves of the aligned words: the first of each is what is looked at.
    const halves = new Uint16Array(
      haystack.buffer,
      haystack.byteOffset + skipped,
      Math.max(0, (haystack.length - skipped) >> 2) * 2,
    )
    const known = this.#known
    const inFours = halves.length & ~7
    for (let index = 0; index < halves.length; index += 2) {
      // A set bit 5 makes letters lower case and some other bytes equal; the comparison then tells. Four looks at a time
      // while nothing stands there: pixels are most of what is searched, and one branch a word is most of the cost.
      while (
        index < inFours &&
        ((known[(halves[index] as number) | FOLD] as number) |
          (known[(halves[index + 2] as number) | FOLD] as number) |
          (known[(halves[index + 4] as number) | FOLD] as number) |
          (known[(halves[index + 6] as number) | FOLD] as number)) ===
          0
      )
        index += 8
      if (index >= halves.length) break
      const pair = (halves[index] as number) | FOLD
      if (known[pair] === 1 && this.#matchesNear(haystack, skipped + index * 2, pair, from, to)) return true
    }
    const last = skipped + halves.length * 2
    if (last + 2 > haystack.length) return false
    const pair = ((haystack[last] as number) | ((haystack[last + 1] as number) << 8) | FOLD) & 0xffff
    return this.#matchesNear(haystack, last, pair, from, to)
  }

  #matchesNear(haystack: Uint8Array, word: number, pair: number, from: number, to: number): boolean {
    for (const { pattern, at } of this.#placesOf.get(pair) ?? []) {
      const { bytes, accepts } = pattern
      const start = word - at
      const end = start + bytes.length
      if (start < from || end > to) continue
      let same = 0
      while (same < bytes.length && lower(haystack[start + same] as number) === bytes[same]) same += 1
      if (same === bytes.length && accepts(haystack, start, end)) return true
    }
    return false
  }

  #add(pattern: Pattern, at: number): void {
    const pair = ((pattern.bytes[at] ?? 0) | ((pattern.bytes[at + 1] ?? 0) << 8) | FOLD) & 0xffff
    this.#known[pair] = 1
    const places = this.#placesOf.get(pair)
    if (places === undefined) this.#placesOf.set(pair, [{ pattern, at }])
    else places.push({ pattern, at })
  }
}

const FEWEST_BYTES = 5
const FOLD = 0x2020

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
}
