import { crc32, inflateSync } from 'node:zlib'

/** A grey image as it was stored: big-endian samples of 16 bits are turned into numbers. */
export interface GreyImage {
  readonly rows: number
  readonly columns: number
  readonly values: Uint8Array | Uint16Array
}

/** Why a PNG is not taken. `text`: it carries words, which may name somebody. */
export type PngFault = 'malformed' | 'not-grey' | 'too-large' | 'text'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MOST_PIXELS = 16 * 2 ** 20
/** Chunks that may hold words or dates (PNG 11.3.3, 11.3.5.4). */
const TELLING = new Set(['tEXt', 'zTXt', 'iTXt', 'eXIf', 'tIME'])

/**
 * Reads a grey PNG of 8 or 16 bits, not interlaced (ISO/IEC 15948). In plain code: what comes over the network is not given
 * to a native decoder in this process. Lengths, checksums and the inflated size are checked before they are believed.
 */
export function readGreyPng(bytes: Buffer): GreyImage | PngFault {
  if (bytes.length < 57 || !bytes.subarray(0, 8).equals(SIGNATURE)) return 'malformed'
  const data: Buffer[] = []
  let header: { readonly rows: number; readonly columns: number; readonly bits: 8 | 16 } | undefined
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    const end = at + 12 + length
    if (end > bytes.length) return 'malformed'
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4)) return 'malformed'
    const type = bytes.toString('latin1', at + 4, at + 8)
    const chunk = bytes.subarray(at + 8, end - 4)
    if (TELLING.has(type)) return 'text'
    if (header === undefined) {
      const read = type === 'IHDR' ? headerOf(chunk) : 'malformed'
      if (typeof read === 'string') return read
      header = read
    } else if (type === 'IDAT') data.push(chunk)
    // Bytes after the end could be anything.
    else if (type === 'IEND') return end === bytes.length ? unfiltered(header, data) : 'malformed'
    at = end
  }
  return 'malformed'
}

function headerOf(chunk: Buffer): { rows: number; columns: number; bits: 8 | 16 } | PngFault {
  if (chunk.length !== 13) return 'malformed'
  const [columns, rows] = [chunk.readUInt32BE(0), chunk.readUInt32BE(4)]
  const [bits, colour, compression, filter, interlace] = chunk.subarray(8)
  if (compression !== 0 || filter !== 0 || rows === 0 || columns === 0) return 'malformed'
  if (colour !== 0 || interlace !== 0 || (bits !== 8 && bits !== 16)) return 'not-grey'
  if (rows > 65_535 || columns > 65_535 || rows * columns > MOST_PIXELS) return 'too-large'
  return { rows, columns, bits }
}

function unfiltered(
  { rows, columns, bits }: { readonly rows: number; readonly columns: number; readonly bits: 8 | 16 },
  data: readonly Buffer[],
): GreyImage | PngFault {
  const step = bits / 8
  const line = columns * step
  const size = rows * (line + 1)
  let raw: Buffer
  try {
    raw = inflateSync(Buffer.concat(data), { maxOutputLength: size + 1 })
  } catch {
    return 'malformed'
  }
  if (raw.length !== size) return 'malformed'
  const out = Buffer.alloc(rows * line)
  for (let row = 0; row < rows; row += 1) {
    const filter = raw[row * (line + 1)] ?? 5
    if (filter > 4) return 'malformed'
    const [from, to] = [row * (line + 1) + 1, row * line]
    for (let i = 0; i < line; i += 1) {
      const left = i < step ? 0 : (out[to + i - step] ?? 0)
      const above = row === 0 ? 0 : (out[to + i - line] ?? 0)
      const corner = row === 0 || i < step ? 0 : (out[to + i - line - step] ?? 0)
      out[to + i] = (raw[from + i] ?? 0) + predicted(filter, left, above, corner)
    }
  }
  if (bits === 8) return { rows, columns, values: out }
  return { rows, columns, values: Uint16Array.from({ length: rows * columns }, (_, i) => out.readUInt16BE(i * 2)) }
}

/** Filter types of PNG 9.2; the last is Paeth's. */
function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return above
  if (filter === 3) return (left + above) >> 1
  const estimate = left + above - corner
  const [toLeft, toAbove, toCorner] = [
    Math.abs(estimate - left),
    Math.abs(estimate - above),
    Math.abs(estimate - corner),
  ]
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}
