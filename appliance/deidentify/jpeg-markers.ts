import type { FragmentsValue } from '../imaging/dataset/index.ts'
import { strippedJpeg2000 } from './jpeg-2000-stream.ts'
import { strippedStream } from './jpeg-stream.ts'

/** Takes what decoders do not read out of one frame: the same view, a new buffer, or `undefined` when it is unclear. */
export type Stripper = (frame: Uint8Array) => Uint8Array | undefined

const jpeg: Stripper = (frame) => strippedStream(frame, false)
const jpegLs: Stripper = (frame) => strippedStream(frame, true)

/** Transfer syntaxes whose frames can carry comments, by the last parts of 1.2.840.10008.1.2.4. */
const STRIPPERS: ReadonlyMap<string, Stripper> = new Map([
  ...['50', '51', '57', '70'].map((last) => [last, jpeg] as const),
  ...['80', '81'].map((last) => [last, jpegLs] as const),
  ...['90', '91', '92', '93', '201', '202', '203'].map((last) => [last, strippedJpeg2000] as const),
])

const ROOT = '1.2.840.10008.1.2.4.'

/** True where `withoutMarkers` has something to look at. */
export function isJpegSyntax(transferSyntaxUid: string): boolean {
  return frameStripper(transferSyntaxUid) !== undefined
}

/**
 * Encapsulated frames of the JPEG family without comments, application data and bytes behind their end, where cameras
 * and converters leave names and dates. Fragments that have none stay the same views; frames that change become one
 * fragment each, and the basic offset table moves along.
 * @returns `undefined` when a frame cannot be followed, so nothing can be said about it.
 */
export function withoutMarkers(value: FragmentsValue, transferSyntaxUid: string): FragmentsValue | undefined {
  const strip = frameStripper(transferSyntaxUid)
  if (strip === undefined) return value
  const fragments: Uint8Array[] = []
  const moved = new Map<number, number>()
  let [before, after] = [0, 0]
  let changed = false
  for (const frame of framesOf(value.fragments)) {
    const whole = frame.length === 1 ? (frame[0] as Uint8Array) : Buffer.concat(frame)
    const stripped = strip(whole)
    if (stripped === undefined) return undefined
    const written = stripped === whole ? frame : [evenLength(stripped)]
    changed ||= stripped !== whole
    moved.set(before, after)
    before += lengthInFile(frame)
    after += lengthInFile(written)
    fragments.push(...written)
  }
  if (!changed) return value
  const offsetTable = movedOffsets(value.offsetTable, moved)
  return offsetTable === undefined ? undefined : { kind: 'fragments', offsetTable, fragments }
}

/** What cleans the frames of a transfer syntax; `undefined` where frames carry no comments. */
export function frameStripper(transferSyntaxUid: string): Stripper | undefined {
  return transferSyntaxUid.startsWith(ROOT) ? STRIPPERS.get(transferSyntaxUid.slice(ROOT.length)) : undefined
}

/** Fragments by frame: a fragment that does not begin one continues the one before it (PS3.5 A.4). */
function framesOf(fragments: readonly Uint8Array[]): Uint8Array[][] {
  const frames: Uint8Array[][] = []
  for (const fragment of fragments) {
    const starts = startsFrame(fragment)
    const last = frames.at(-1)
    if (starts || last === undefined) frames.push([fragment])
    else last.push(fragment)
  }
  return frames
}

/** SOI, SOC, or the signature box of a JP2 file (T.800 I.5.1). */
export function startsFrame(fragment: Uint8Array): boolean {
  if (fragment[0] === 0xff) return fragment[1] === 0xd8 || fragment[1] === 0x4f
  return fragment[3] === 12 && Buffer.from(fragment.subarray(4, 6)).equals(Buffer.from('jP'))
}

function evenLength(bytes: Uint8Array): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
}

function lengthInFile(fragments: readonly Uint8Array[]): number {
  return fragments.reduce((sum, { length }) => sum + 8 + length + (length % 2), 0)
}

/**
 * PS3.5 A.4: offsets count from the first byte of the first item after the table; each item has 8 bytes of header.
 * @param moved new offset of each frame by its old one. @returns `undefined` when an offset is that of no frame.
 */
export function movedOffsets(offsetTable: Uint8Array, moved: ReadonlyMap<number, number>): Uint8Array | undefined {
  const table = Buffer.from(offsetTable)
  for (let at = 0; at + 4 <= table.length; at += 4) {
    const offset = moved.get(table.readUInt32LE(at))
    if (offset === undefined) return undefined
    table.writeUInt32LE(offset, at)
  }
  return table
}
