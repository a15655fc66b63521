import type { FragmentsValue } from '../imaging/dataset/index.ts'

/**
 * Comment and application segments of JPEG streams (ITU-T T.81 B.2.4.5, B.2.4.6), where cameras and converters leave
 * names and dates. APP0 (JFIF) and APP14 (Adobe colour transform) govern decoding and stay.
 */

/** Transfer syntaxes whose fragments are T.81 streams. */
const JPEG_SYNTAXES = new Set([
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  '1.2.840.10008.1.2.4.57',
  '1.2.840.10008.1.2.4.70',
])

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const COM = 0xfe

/** True where `withoutMarkers` has something to look at. */
export function isJpegSyntax(transferSyntaxUid: string): boolean {
  return JPEG_SYNTAXES.has(transferSyntaxUid)
}

/**
 * Encapsulated JPEG frames without their comment and application segments. Fragments that have none stay the same
 * views; the others are new buffers, and the basic offset table moves along.
 * @returns `undefined` when a header cannot be followed to its scan, so nothing can be said about it.
 */
export function withoutMarkers(value: FragmentsValue): FragmentsValue | undefined {
  const fragments: Uint8Array[] = []
  let changed = false
  for (const fragment of value.fragments) {
    const stripped = stripFragment(fragment)
    if (stripped === undefined) return undefined
    changed ||= stripped !== fragment
    fragments.push(stripped)
  }
  if (!changed) return value
  const offsetTable = movedOffsets(value, fragments)
  return offsetTable === undefined ? undefined : { kind: 'fragments', offsetTable, fragments }
}

/** A fragment that continues a frame begins with no SOI and has no header of its own. */
function stripFragment(fragment: Uint8Array): Uint8Array | undefined {
  if (fragment[0] !== 0xff || fragment[1] !== SOI) return fragment
  const kept: Uint8Array[] = []
  let keptFrom = 0
  let at = 2
  while (at + 4 <= fragment.length) {
    if (fragment[at] !== 0xff) return undefined
    const marker = fragment[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === SOS || marker === EOI) break
    const next = at + 2 + (((fragment[at + 2] ?? 0) << 8) | (fragment[at + 3] ?? 0))
    if (next < at + 4 || next > fragment.length) return undefined
    if (isDropped(marker)) {
      kept.push(fragment.subarray(keptFrom, at))
      keptFrom = next
    }
    at = next
  }
  if (at + 4 > fragment.length) return undefined
  if (keptFrom === 0) return fragment
  kept.push(fragment.subarray(keptFrom))
  const whole = Buffer.concat(kept)
  return whole.length % 2 === 0 ? whole : Buffer.concat([whole, Buffer.alloc(1)])
}

function isDropped(marker: number): boolean {
  return marker === COM || (marker > 0xe0 && marker <= 0xef && marker !== 0xee)
}

/** PS3.5 A.4: offsets count from the first byte of the first item after the table; each item has 8 bytes of header. */
function movedOffsets(value: FragmentsValue, fragments: readonly Uint8Array[]): Uint8Array | undefined {
  const moved = new Map<number, number>()
  let before = 0
  let after = 0
  value.fragments.forEach((fragment, index) => {
    moved.set(before, after)
    before += 8 + fragment.length + (fragment.length % 2)
    const now = fragments[index]?.length ?? 0
    after += 8 + now + (now % 2)
  })
  const table = Buffer.from(value.offsetTable)
  for (let at = 0; at + 4 <= table.length; at += 4) {
    const offset = moved.get(table.readUInt32LE(at))
    if (offset === undefined) return undefined
    table.writeUInt32LE(offset, at)
  }
  return table
}
