import { inflateSync } from 'node:zlib'
import { TrainingError } from '../errors.ts'

/** A grey image; `values` row after row, 0 to 255 or 0 to 65535. */
export interface GreyImage {
  readonly width: number
  readonly height: number
  readonly values: Float64Array
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MAX_SIDE = 4096

/**
 * Reads the kind of PNG that golden images are: greyscale, 8 or 16 bits, not interlaced (W3C PNG, third edition).
 * @throws {TrainingError} `golden-differs` for any other.
 */
export function readGreyPng(bytes: Uint8Array): GreyImage {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!buffer.subarray(0, 8).equals(SIGNATURE)) throw unreadable()
  let header: { width: number; height: number; sampleBytes: number } | undefined
  const data: Buffer[] = []
  for (let offset = 8; offset + 12 <= buffer.length; ) {
    const length = buffer.readUInt32BE(offset)
    const type = buffer.toString('latin1', offset + 4, offset + 8)
    const body = buffer.subarray(offset + 8, offset + 8 + length)
    if (body.length !== length) throw unreadable()
    if (type === 'IHDR') header = readHeader(body)
    else if (type === 'IDAT') data.push(body)
    else if (type === 'IEND') break
    offset += 12 + length
  }
  if (header === undefined) throw unreadable()
  const { width, height, sampleBytes } = header
  const stride = width * sampleBytes
  const raw = inflateSync(Buffer.concat(data), { maxOutputLength: (stride + 1) * height })
  if (raw.length !== (stride + 1) * height) throw unreadable()
  return { width, height, values: samples(unfilter(raw, stride, height, sampleBytes), sampleBytes) }
}

function readHeader(body: Buffer): { width: number; height: number; sampleBytes: number } {
  if (body.length !== 13) throw unreadable()
  const width = body.readUInt32BE(0)
  const height = body.readUInt32BE(4)
  const [depth, colour, compression, filter, interlace] = body.subarray(8)
  const plain = colour === 0 && compression === 0 && filter === 0 && interlace === 0
  if (!plain || (depth !== 8 && depth !== 16)) throw unreadable()
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) throw unreadable()
  return { width, height, sampleBytes: depth / 8 }
}

/** Undoes the five filters of PNG 9.2. */
function unfilter(raw: Buffer, stride: number, height: number, pixelBytes: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)] ?? 0
    for (let x = 0; x < stride; x++) {
      const value = raw[y * (stride + 1) + 1 + x] ?? 0
      const left = x >= pixelBytes ? (out[y * stride + x - pixelBytes] ?? 0) : 0
      const up = y > 0 ? (out[(y - 1) * stride + x] ?? 0) : 0
      const upLeft = y > 0 && x >= pixelBytes ? (out[(y - 1) * stride + x - pixelBytes] ?? 0) : 0
      out[y * stride + x] = (value + prediction(filter, left, up, upLeft)) & 0xff
    }
  }
  return out
}

function prediction(filter: number, left: number, up: number, upLeft: number): number {
  switch (filter) {
    case 0:
      return 0
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, upLeft)
    default:
      throw unreadable()
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft
  const distances = [left, up, upLeft].map((value) => Math.abs(estimate - value))
  const smallest = Math.min(...distances)
  return [left, up, upLeft][distances.indexOf(smallest)] ?? 0
}

function samples(bytes: Buffer, sampleBytes: number): Float64Array {
  return Float64Array.from({ length: bytes.length / sampleBytes }, (_, i) =>
    sampleBytes === 1 ? (bytes[i] ?? 0) : bytes.readUInt16BE(i * 2),
  )
}

function unreadable(): TrainingError {
  return new TrainingError('golden-differs', 'a golden image is not a plain greyscale PNG')
}
