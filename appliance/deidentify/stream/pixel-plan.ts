import {
  type DataSet,
  type Extent,
  type ObjectSource,
  type PixelExtent,
  traitsOf,
  type Vr,
} from '../../imaging/dataset/index.ts'
import { frameStripper, movedOffsets, type Stripper, startsFrame } from '../jpeg-markers.ts'
import { nativeBytes } from '../native-pixels.ts'
import { frameOf, itemHeader, type OutputPart } from './output-parts.ts'

/** How the Pixel Data of an object will be written, or why it cannot be. */
export type PixelPlan =
  | {
      readonly kind: 'planned'
      readonly parts: readonly OutputPart[]
      /** Frames changed their lengths: offsets that stand elsewhere are no longer right. */
      readonly moved: boolean
    }
  | { readonly kind: 'refused'; readonly reason: 'jpeg-header-unreadable' | 'object-too-large' }

const PIXEL_DATA = 0x7fe00010
const UNDEFINED = 0xffffffff
const SEQUENCE_END = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0])

/** A frame is cleaned in memory. */
const MOST_FRAME_BYTES = 48 * 2 ** 20

/**
 * Plans the Pixel Data of a cleaned object whose pixels lie in `source`: the same bytes that `trimNativePixels`,
 * `withoutMarkers` and the writer make in memory. No parts where the cleaned object has no pixel data any more.
 */
export async function planPixels(
  source: ObjectSource,
  pixels: Exclude<PixelExtent, { kind: 'inline' }>,
  cleaned: DataSet,
  transferSyntaxUid: string,
): Promise<PixelPlan> {
  const element = cleaned.elements.get(PIXEL_DATA)
  if (element === undefined) return { kind: 'planned', parts: [], moved: false }
  if (pixels.kind === 'native') {
    const bigEndian = element.value.kind === 'bytes' && element.value.bigEndian
    const { offset, length } = pixels.value
    const trimmed = { offset, length: Math.min(length, nativeBytes(cleaned) ?? length) }
    return { kind: 'planned', parts: nativeParts(trimmed, element.vr, bigEndian), moved: false }
  }
  const strip = frameStripper(transferSyntaxUid)
  const { offsetTable, fragments } = pixels
  if (strip === undefined) return planned(offsetTable, fragments.flatMap(fragmentParts), false)
  return planFrames(source, offsetTable, fragments, strip)
}

function nativeParts(range: Extent, vr: Vr, bigEndian: boolean): OutputPart[] {
  const even = range.length + (range.length % 2)
  const unit = bigEndian ? traitsOf(vr).unit : 1
  const padding: OutputPart[] = even === range.length ? [] : [{ kind: 'bytes', bytes: new Uint8Array(1) }]
  return [{ kind: 'bytes', bytes: pixelHeader(vr, even) }, { kind: 'range', range, unit }, ...padding]
}

async function planFrames(
  source: ObjectSource,
  offsetTable: Uint8Array,
  fragments: readonly Extent[],
  strip: Stripper,
): Promise<PixelPlan> {
  const parts: OutputPart[] = []
  const moved = new Map<number, number>()
  let [before, after, changed] = [0, 0, false]
  for await (const frame of framesOf(source, fragments)) {
    if (frame === 'too-large') return { kind: 'refused', reason: 'object-too-large' }
    const whole = await frameOf(frame, source)
    const stripped = strip(whole)
    if (stripped === undefined) return { kind: 'refused', reason: 'jpeg-header-unreadable' }
    const length = frame.reduce((sum, fragment) => sum + inFile(fragment.length), 0)
    moved.set(before, after)
    before += length
    after += stripped === whole ? length : inFile(stripped.length)
    changed ||= stripped !== whole
    if (stripped !== whole) parts.push({ kind: 'frame', fragments: frame, strip })
    else for (const fragment of frame) parts.push(...fragmentParts(fragment))
  }
  if (!changed) return planned(offsetTable, parts, false)
  const table = movedOffsets(offsetTable, moved)
  return table === undefined ? { kind: 'refused', reason: 'jpeg-header-unreadable' } : planned(table, parts, true)
}

/** Fragments by frame, as `withoutMarkers` takes them together (PS3.5 A.4). */
async function* framesOf(
  source: ObjectSource,
  fragments: readonly Extent[],
): AsyncGenerator<readonly Extent[] | 'too-large'> {
  let frame: Extent[] = []
  let bytes = 0
  for (const fragment of fragments) {
    const begins = startsFrame(await source.read(fragment.offset, Math.min(8, fragment.length)))
    if (begins && frame.length > 0) {
      yield frame
      frame = []
      bytes = 0
    }
    frame.push(fragment)
    bytes += fragment.length
    if (bytes > MOST_FRAME_BYTES) yield 'too-large'
  }
  if (frame.length > 0) yield frame
}

function planned(offsetTable: Uint8Array, fragments: readonly OutputPart[], moved: boolean): PixelPlan {
  const table: OutputPart[] = [offsetTable, new Uint8Array(offsetTable.length % 2)].map((bytes) => ({
    kind: 'bytes',
    bytes,
  }))
  const head: OutputPart[] = [
    { kind: 'bytes', bytes: pixelHeader('OB', UNDEFINED) },
    { kind: 'bytes', bytes: itemHeader(offsetTable.length + (offsetTable.length % 2)) },
    ...table,
  ]
  // `concat`, since hundreds of thousands of fragments are no argument list.
  return { kind: 'planned', parts: head.concat(fragments, { kind: 'bytes', bytes: SEQUENCE_END }), moved }
}

function fragmentParts({ offset, length }: Extent): OutputPart[] {
  const header = itemHeader(length + (length % 2))
  const range: OutputPart = { kind: 'range', range: { offset, length }, unit: 1 }
  if (length % 2 === 1) return [{ kind: 'bytes', bytes: header }, range, { kind: 'bytes', bytes: new Uint8Array(1) }]
  return [{ kind: 'bytes', bytes: header }, range]
}

/** PS3.5 7.1.2: OB, OW and UN have 32-bit lengths. */
function pixelHeader(vr: Vr, length: number): Buffer {
  const header = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0, 0, 0, 0, 0, 0, 0, 0])
  header.write(vr, 4, 'latin1')
  header.writeUInt32LE(length, 8)
  return header
}

/** Bytes of a fragment with its item header and padding. */
function inFile(length: number): number {
  return 8 + length + (length % 2)
}
