import { DecodeError } from './errors.ts'

/** A canonical Huffman table (ISO 10918-1 annex C), for decoding code length by code length. */
export interface HuffmanTable {
  /** Smallest code of each length 1..16 and the largest plus one; index 0 unused. */
  readonly first: Int32Array
  readonly limit: Int32Array
  /** Where the symbols of each length begin in `symbols`. */
  readonly offset: Int32Array
  readonly symbols: Uint8Array
}

/** Builds a table from the 16 counts and the symbols of a DHT segment. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const first = new Int32Array(17)
  const limit = new Int32Array(17)
  const offset = new Int32Array(17)
  let code = 0
  let at = 0
  for (let length = 1; length <= 16; length += 1) {
    const count = counts[length - 1] ?? 0
    first[length] = code
    limit[length] = code + count
    offset[length] = at
    code = (code + count) << 1
    at += count
  }
  return { first, limit, offset, symbols }
}

/** Reads entropy-coded bits, removing the zero bytes stuffed after FF (ISO 10918-1 F.2.2.5). */
export class BitReader {
  readonly #bytes: Uint8Array
  #at: number
  #held = 0
  #bits = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** The next bit; zeros once a marker stands in the way, as decoders do at a cut-off end. */
  bit(): number {
    if (this.#bits === 0) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new DecodeError('pixel-data-truncated', 'the JPEG codestream ends too early')
      if (byte === 0xff && this.#bytes[this.#at + 1] !== 0) {
        throw new DecodeError('codestream-invalid', 'a JPEG marker stands within a data unit')
      }
      this.#at += byte === 0xff ? 2 : 1
      this.#held = byte
      this.#bits = 8
    }
    this.#bits -= 1
    return (this.#held >> this.#bits) & 1
  }

  /** The next `count` bits as a signed difference (ISO 10918-1 F.2.2.1, EXTEND). */
  difference(count: number): number {
    let value = 0
    for (let i = 0; i < count; i += 1) value = (value << 1) | this.bit()
    return count > 0 && value < 1 << (count - 1) ? value - (1 << count) + 1 : value
  }

  /** The next symbol. @throws {DecodeError} when no code of 16 bits or less matches. */
  symbol(table: HuffmanTable): number {
    let code = 0
    for (let length = 1; length <= 16; length += 1) {
      code = (code << 1) | this.bit()
      if (code < (table.limit[length] ?? 0)) {
        return table.symbols[(table.offset[length] ?? 0) + code - (table.first[length] ?? 0)] ?? 0
      }
    }
    throw new DecodeError('codestream-invalid', 'a JPEG code is not in its table')
  }

  /** Drops the bits left of the current byte and steps over a restart marker (ISO 10918-1 E.2.4). */
  restart(): void {
    this.#bits = 0
    const marker = this.#bytes[this.#at + 1] ?? 0
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) {
      throw new DecodeError('codestream-invalid', 'a JPEG restart marker is missing')
    }
    this.#at += 2
  }
}
