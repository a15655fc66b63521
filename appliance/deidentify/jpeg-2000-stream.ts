/**
 * Code-streams of ITU-T T.800 (JPEG 2000) and T.814 (high throughput). The text of comment segments (T.800 A.9.2) and
 * bytes behind EOC are overwritten in a copy, so that no length or pointer of the stream changes.
 */

const SOC = 0xff4f
const SOT = 0xff90
const SOD = 0xff93
const EOC = 0xffd9
const COM = 0xff64
const SPACE = 0x20

/** Boxes of a JP2 file that decoding needs (T.800 annex I): signature, file type, header, code-stream. */
const NEEDED_BOXES = new Set([0x6a502020, 0x66747970, 0x6a703268])
const SIGNATURE = 0x6a502020
const CODESTREAM = 0x6a703263
const BOX_HEADER = 8

/**
 * A code-stream whose comments are blank; also one that a writer wrapped into a JP2 file, against PS3.5 A.4.4, whose
 * other boxes (XML, UUID) become blank.
 * @returns the same view when there is nothing to overwrite; `undefined` when a segment cannot be followed.
 */
export function strippedJpeg2000(stream: Uint8Array): Uint8Array | undefined {
  return uint32(stream, 4) === SIGNATURE ? strippedBoxes(stream) : strippedCodestream(stream)
}

function strippedBoxes(file: Uint8Array): Uint8Array | undefined {
  const copy = Uint8Array.from(file)
  let at = 0
  let changed = false
  while (at + BOX_HEADER <= file.length) {
    const [length, type] = [uint32(file, at), uint32(file, at + 4)]
    // Length 0: the box reaches to the end (T.800 I.4); the 64-bit form is not written into fragments.
    const end = length === 0 ? file.length : at + length
    if (end < at + BOX_HEADER || end > file.length) return undefined
    const content = file.subarray(at + BOX_HEADER, end)
    const stripped =
      type === CODESTREAM ? strippedCodestream(content) : NEEDED_BOXES.has(type) ? content : blank(content)
    if (stripped === undefined) return undefined
    changed ||= stripped !== content
    copy.set(stripped, at + BOX_HEADER)
    at = end
  }
  if (file.subarray(at).some((byte) => byte !== 0)) return undefined
  return changed ? copy : file
}

function blank(content: Uint8Array): Uint8Array {
  return content.every((byte) => byte === 0) ? content : new Uint8Array(content.length)
}

function strippedCodestream(stream: Uint8Array): Uint8Array | undefined {
  if (uint16(stream, 0) !== SOC) return undefined
  const blanks: [from: number, to: number, filler: number][] = []
  let at = 2
  let tilePart = 0
  while (at + 2 <= stream.length) {
    const marker = uint16(stream, at)
    if (marker === EOC) {
      blanks.push([at + 2, stream.length, 0])
      return blanked(stream, blanks)
    }
    if (marker === SOD) {
      const length = uint32(stream, tilePart + 6)
      // Psot 0: the last tile-part reaches to EOC (T.800 A.4.2).
      if (tilePart === 0 || (length !== 0 && tilePart + length <= at)) return undefined
      at = length === 0 ? lastMarker(stream) : tilePart + length
      continue
    }
    if (marker < 0xff00) return undefined
    const next = at + 2 + uint16(stream, at + 2)
    if (next < at + 4 || next > stream.length) return undefined
    if (marker === SOT) tilePart = at
    // Lcom and Rcom, then the text.
    if (marker === COM) blanks.push([at + 6, next, SPACE])
    at = next
  }
  // Some writers leave EOC out, or the last tile-part breaks off; headers up to there were followed.
  return tilePart === 0 ? undefined : blanked(stream, blanks)
}

function blanked(stream: Uint8Array, blanks: readonly (readonly [number, number, number])[]): Uint8Array {
  const dirty = blanks.some(([from, to, filler]) => stream.subarray(from, to).some((byte) => byte !== filler))
  if (!dirty) return stream
  const copy = Uint8Array.from(stream)
  for (const [from, to, filler] of blanks) copy.fill(filler, from, to)
  return copy
}

function lastMarker(stream: Uint8Array): number {
  const at = Buffer.from(stream.buffer, stream.byteOffset, stream.length).lastIndexOf(Buffer.of(0xff, 0xd9))
  return at === -1 ? stream.length : at
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2)
}
