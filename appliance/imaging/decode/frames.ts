import type { FragmentsValue } from '../dataset/index.ts'
import { DecodeError } from './errors.ts'

/**
 * Joins fragments to frames (PS3.5 A.4). In order of trust: one frame takes all; as many fragments as frames are one
 * each; a basic offset table that fits; else each fragment that starts a codestream starts a frame.
 * @returns one byte string per frame.
 * @throws {DecodeError} `pixel-data-truncated` when the fragments cannot be that many frames.
 */
export function assembleFrames(encapsulated: FragmentsValue, frames: number): readonly Uint8Array[] {
  const { fragments, offsetTable } = encapsulated
  if (fragments.length < frames || fragments.length === 0) {
    throw new DecodeError('pixel-data-truncated', 'there are fewer fragments than frames')
  }
  if (frames === 1) return [joined(fragments)]
  if (fragments.length === frames) return fragments
  const starts = startsFromTable(offsetTable, fragments, frames) ?? startsFromMarkers(fragments)
  if (starts.length !== frames) {
    throw new DecodeError('pixel-data-truncated', 'the fragments cannot be divided into the number of frames')
  }
  return starts.map((start, i) => joined(fragments.slice(start, starts[i + 1] ?? fragments.length)))
}

/** Offsets count from the first fragment's item tag (PS3.5 A.4, table A.4-2); an item header is 8 bytes. */
function startsFromTable(
  table: Uint8Array,
  fragments: readonly Uint8Array[],
  frames: number,
): readonly number[] | undefined {
  if (table.length !== frames * 4) return undefined
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const indexOfOffset = new Map<number, number>()
  let at = 0
  fragments.forEach((fragment, i) => {
    indexOfOffset.set(at, i)
    at += 8 + fragment.length
  })
  const starts: number[] = []
  for (let frame = 0; frame < frames; frame += 1) {
    const start = indexOfOffset.get(view.getUint32(frame * 4, true))
    if (start === undefined || start <= (starts.at(-1) ?? -1)) return undefined
    starts.push(start)
  }
  return starts[0] === 0 ? starts : undefined
}

/** A JPEG codestream begins with FFD8, a JPEG 2000 one with FF4F FF51, a JP2 file with its signature box. */
function startsFromMarkers(fragments: readonly Uint8Array[]): readonly number[] {
  return fragments.flatMap((bytes, i) => {
    const [first, second, third] = bytes
    const jpeg = first === 0xff && second === 0xd8
    const jpeg2000 = (first === 0xff && second === 0x4f && third === 0xff) || (first === 0 && second === 0)
    return jpeg || jpeg2000 ? [i] : []
  })
}

function joined(fragments: readonly Uint8Array[]): Uint8Array {
  const [only] = fragments
  return fragments.length === 1 && only !== undefined ? only : Buffer.concat(fragments)
}
