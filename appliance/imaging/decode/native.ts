import type { PixelDescription } from './description.ts'
import { DecodeError } from './errors.ts'
import { type PixelArray, pixelArray } from './image.ts'

/**
 * Unpacks native pixel data (PS3.5 8.1, 8.2): takes the `bitsStored` bits below `highBit`, so that overlay bits and
 * other things in unused bits do not become values, and extends the sign.
 * @param bigEndian true for Explicit VR Big Endian with OW data.
 * @throws {DecodeError} `pixel-data-truncated`.
 */
export function unpackNative(bytes: Uint8Array, facts: PixelDescription, bigEndian: boolean): PixelArray {
  const plane = facts.rows * facts.columns
  if (facts.photometric === 'YBR_FULL_422' || facts.photometric === 'YBR_PARTIAL_420') {
    return unpackSubsampled(bytes, facts)
  }
  const count = plane * facts.samplesPerPixel * facts.frames
  if (facts.bitsAllocated === 1) return unpackBits(bytes, count)
  requireLength(bytes, (count * facts.bitsAllocated) / 8)
  const raw = wholeWords(bytes, count, facts.bitsAllocated, bigEndian)
  const values = extractStored(raw, facts)
  return facts.planar ? interleave(values, plane, facts.samplesPerPixel) : values
}

/** Little-endian words as unsigned values; a view, not a copy, where alignment and byte order allow. */
function wholeWords(bytes: Uint8Array, count: number, bits: 8 | 16 | 32, bigEndian: boolean): PixelArray {
  if (bits === 8) return bytes.subarray(0, count)
  const width = bits / 8
  const aligned = bytes.byteOffset % width === 0 && !bigEndian
  const source = aligned ? bytes.subarray(0, count * width) : Uint8Array.from(bytes.subarray(0, count * width))
  if (bigEndian) {
    const view = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    if (bits === 16) view.swap16()
    else view.swap32()
  }
  return bits === 16
    ? new Uint16Array(source.buffer, source.byteOffset, count)
    : new Uint32Array(source.buffer, source.byteOffset, count)
}

function extractStored(raw: PixelArray, facts: PixelDescription): PixelArray {
  const { bitsAllocated, bitsStored, highBit, signed } = facts
  if (bitsStored === bitsAllocated && !signed) return raw
  if (raw instanceof Uint16Array && highBit === bitsStored - 1) {
    if (bitsStored === 16) return new Int16Array(raw.buffer, raw.byteOffset, raw.length)
    if (bitsStored > 8 && !signed && isBelow(raw, 2 ** bitsStored)) return raw
  }
  const values = pixelArray(raw.length, bitsStored, signed)
  const left = 31 - highBit
  const right = 32 - bitsStored
  for (let i = 0; i < raw.length; i += 1) {
    const word = (raw[i] ?? 0) << left
    values[i] = signed ? word >> right : word >>> right
  }
  return values
}

/** Whether nothing stands in the bits above the stored ones: then there is nothing to take out. */
function isBelow(words: Uint16Array, limit: number): boolean {
  let all = 0
  for (let i = 0; i < words.length; i += 1) all |= words[i] as number
  return all < limit
}

/** PS3.5 8.1.1 with Bits Allocated 1: the first pixel is the lowest bit of the first byte. */
function unpackBits(bytes: Uint8Array, count: number): Uint8Array {
  requireLength(bytes, Math.ceil(count / 8))
  const values = new Uint8Array(count)
  for (let i = 0; i < count; i += 1) values[i] = ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1
  return values
}

/** YBR_FULL_422 in native form: two luma samples, then one pair of chroma for both (PS3.3 C.7.6.3.1.2). */
function unpackSubsampled(bytes: Uint8Array, facts: PixelDescription): PixelArray {
  if (facts.photometric !== 'YBR_FULL_422' || facts.bitsAllocated !== 8 || facts.columns % 2 !== 0) {
    throw new DecodeError('unsupported-pixel-format', 'this subsampled colour layout is not supported')
  }
  const pairs = (facts.rows * facts.columns * facts.frames) / 2
  requireLength(bytes, pairs * 4)
  const values = new Uint8Array(pairs * 6)
  for (let pair = 0; pair < pairs; pair += 1) {
    const [first = 0, second = 0, blue = 0, red = 0] = bytes.subarray(pair * 4, pair * 4 + 4)
    values.set([first, blue, red, second, blue, red], pair * 6)
  }
  return values
}

/** Planar configuration 1 (all red, then all green, then all blue, frame by frame) to samples that lie together. */
export function interleave<T extends PixelArray>(values: T, plane: number, samples: number): T {
  // Not `slice`: a Buffer's is a view, and the result would overwrite what is still to be read.
  const result = values.map((value) => value) as T
  const frames = values.length / (plane * samples)
  for (let frame = 0; frame < frames; frame += 1) {
    const start = frame * plane * samples
    for (let sample = 0; sample < samples; sample += 1) {
      for (let i = 0; i < plane; i += 1) {
        result[start + i * samples + sample] = values[start + sample * plane + i] ?? 0
      }
    }
  }
  return result
}

function requireLength(bytes: Uint8Array, needed: number): void {
  if (bytes.length < needed)
    throw new DecodeError('pixel-data-truncated', 'the pixel data is shorter than the header says')
}
