import { type Extent, type ObjectSource, swapped } from '../../imaging/dataset/index.ts'
import type { Stripper } from '../jpeg-markers.ts'

/** A piece of a de-identified object that is written while its source is read. */
export type OutputPart =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Bytes of the source as they are; `unit` above 1: numbers of so many bytes whose order turns. */
  | { readonly kind: 'range'; readonly range: Extent; readonly unit: 1 | 2 | 4 | 8 }
  /** One compressed frame that becomes one fragment without its comments. */
  | { readonly kind: 'frame'; readonly fragments: readonly Extent[]; readonly strip: Stripper }

/** Bytes that are read at a time: a multiple of every unit. */
const COPY_BYTES = 1_048_576

/** The bytes of the parts, in order. */
export async function* bytesOfParts(parts: Iterable<OutputPart>, source: ObjectSource): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part.kind === 'bytes') yield part.bytes
    else if (part.kind === 'range') yield* bytesOfRange(part.range, part.unit, source)
    else yield* bytesOfFrame(await frameOf(part.fragments, source), part.strip)
  }
}

/** A frame as one run of bytes. */
export async function frameOf(fragments: readonly Extent[], source: ObjectSource): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (const { offset, length } of fragments) pieces.push(await source.read(offset, length))
  return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
}

/** Header of an item of this length (PS3.5 7.5.1), in little endian. */
export function itemHeader(length: number): Buffer {
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
  header.writeUInt32LE(length, 4)
  return header
}

async function* bytesOfRange(range: Extent, unit: 1 | 2 | 4 | 8, source: ObjectSource): AsyncGenerator<Uint8Array> {
  const end = range.offset + range.length
  for (let at = range.offset; at < end; at += COPY_BYTES) {
    const bytes = await source.read(at, Math.min(COPY_BYTES, end - at))
    yield unit === 1 ? bytes : swapped(bytes, unit)
  }
}

function* bytesOfFrame(frame: Uint8Array, strip: Stripper): Generator<Uint8Array> {
  const stripped = strip(frame)
  // It was clear when the plan was made, from the same bytes.
  if (stripped === undefined) throw new RangeError('a frame changed while it was read')
  yield itemHeader(stripped.length + (stripped.length % 2))
  yield stripped
  if (stripped.length % 2 === 1) yield new Uint8Array(1)
}
