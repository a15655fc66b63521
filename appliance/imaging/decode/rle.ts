import type { PixelDescription } from './description.ts'
import { DecodeError } from './errors.ts'

const HEADER_BYTES = 64
const MAXIMUM_SEGMENTS = 15

/**
 * One frame of RLE Lossless (PS3.5 annex G): byte planes, most significant first, sample by sample.
 * @returns the frame's native little-endian bytes with samples interleaved.
 * @throws {DecodeError} `codestream-invalid` or `codestream-contradicts-header`.
 */
export function decodeRleFrame(frame: Uint8Array, facts: PixelDescription): Uint8Array {
  const width = facts.bitsAllocated / 8
  const plane = facts.rows * facts.columns
  const offsets = segmentOffsets(frame)
  if (!Number.isInteger(width) || offsets.length !== width * facts.samplesPerPixel) {
    throw new DecodeError('codestream-contradicts-header', 'the number of RLE segments is not bytes x samples')
  }
  const stride = width * facts.samplesPerPixel
  const bytes = new Uint8Array(plane * stride)
  offsets.forEach((start, segment) => {
    const sample = Math.floor(segment / width)
    const byte = width - 1 - (segment % width)
    const end = offsets[segment + 1] ?? frame.length
    expandSegment(frame.subarray(start, end), bytes, sample * width + byte, stride, plane)
  })
  return bytes
}

/** PS3.5 G.5: the number of segments, then 15 offsets from the start of the header. */
function segmentOffsets(frame: Uint8Array): readonly number[] {
  if (frame.length < HEADER_BYTES) throw new DecodeError('codestream-invalid', 'the RLE header is cut short')
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const count = view.getUint32(0, true)
  if (count < 1 || count > MAXIMUM_SEGMENTS) {
    throw new DecodeError('codestream-invalid', 'the RLE header has a wrong number of segments')
  }
  const offsets = Array.from({ length: count }, (_, i) => view.getUint32(4 + i * 4, true))
  let previous = HEADER_BYTES - 1
  for (const offset of offsets) {
    if (offset <= previous || offset > frame.length) {
      throw new DecodeError('codestream-invalid', 'the RLE segment offsets do not rise within the frame')
    }
    previous = offset
  }
  return offsets
}

/** PS3.5 G.3.1, PackBits: 0..127 copies n + 1 bytes, 129..255 repeats one byte 257 - n times, 128 does nothing. */
function expandSegment(segment: Uint8Array, target: Uint8Array, first: number, stride: number, count: number): void {
  let at = 0
  let written = 0
  let position = first
  while (written < count) {
    const control = segment[at]
    if (control === undefined) throw new DecodeError('pixel-data-truncated', 'an RLE segment ends too early')
    at += 1
    if (control === 128) continue
    const literal = control < 128
    const run = Math.min(literal ? control + 1 : 257 - control, count - written)
    if (at + (literal ? run : 1) > segment.length) {
      throw new DecodeError('pixel-data-truncated', 'an RLE segment ends within a run')
    }
    for (let i = 0; i < run; i += 1) {
      target[position] = segment[literal ? at + i : at] ?? 0
      position += stride
    }
    // A literal run is skipped whole even when the plane is already full: what follows is padding.
    at += literal ? control + 1 : 1
    written += run
  }
}
