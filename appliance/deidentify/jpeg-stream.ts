/**
 * Streams of ITU-T T.81 (JPEG) and T.87 (JPEG-LS). Comment and application segments (T.81 B.2.4.5, B.2.4.6) and bytes
 * behind EOI are cut out. APP0 (JFIF) and APP14 (Adobe colour transform) govern decoding and stay; so does APP8 in
 * JPEG-LS, where it names the colour transform.
 */

const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const COM = 0xfe

/**
 * A stream without what decoders do not read.
 * @returns the same view when there is none; `undefined` when a segment cannot be followed.
 */
export function strippedStream(stream: Uint8Array, isLs: boolean): Uint8Array | undefined {
  if (stream[0] !== 0xff || stream[1] !== SOI) return undefined
  const kept: Uint8Array[] = []
  let keptFrom = 0
  let at = 2
  let scans = 0
  while (at + 2 <= stream.length) {
    if (stream[at] !== 0xff) return undefined
    const marker = stream[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === EOI) {
      const end = at + 2
      if (kept.length === 0 && isPadding(stream.subarray(end))) return stream
      kept.push(stream.subarray(keptFrom, end))
      return Buffer.concat(kept)
    }
    const next = at + 2 + (((stream[at + 2] ?? 0) << 8) | (stream[at + 3] ?? 0))
    if (next < at + 4 || next > stream.length) return undefined
    if (isDropped(marker, isLs)) {
      kept.push(stream.subarray(keptFrom, at))
      keptFrom = next
    }
    if (marker === SOS) scans += 1
    at = marker === SOS ? endOfScan(stream, next, isLs) : next
  }
  // Some writers leave EOI out; the last scan then reaches to the end.
  if (scans === 0) return undefined
  if (kept.length === 0) return stream
  kept.push(stream.subarray(keptFrom))
  return Buffer.concat(kept)
}

/** Where the next marker stands: entropy-coded data stuffs FF (T.81 B.1.1.5; T.87 A.1), and restarts are part of it. */
function endOfScan(stream: Uint8Array, from: number, isLs: boolean): number {
  let at = stream.indexOf(0xff, from)
  while (at !== -1 && at + 1 < stream.length) {
    const next = stream[at + 1] ?? 0
    const isStuffed = isLs ? next < 0x80 : next === 0
    if (!isStuffed && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at
    at = stream.indexOf(0xff, at + 1)
  }
  return stream.length
}

function isDropped(marker: number, isLs: boolean): boolean {
  if (isLs && marker === 0xe8) return false
  return marker === COM || (marker > 0xe0 && marker <= 0xef && marker !== 0xee)
}

/** PS3.5 A.4: one byte makes the length even. */
function isPadding(rest: Uint8Array): boolean {
  return rest.length <= 1 && rest.every((byte) => byte === 0 || byte === 0xff)
}
