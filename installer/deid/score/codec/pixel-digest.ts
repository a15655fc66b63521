import { createHash } from 'node:crypto'
import { type ElementValue, PIXEL_DATA, type Tree } from './tree.ts'

/**
 * SHA-256 of what the stored pixels say: native data up to the length that the image attributes give, and compressed
 * streams without comments and without bytes behind their end, which decoders do not read.
 */
export function pixelDigest(tree: Tree): string | undefined {
  const value = tree.get(PIXEL_DATA)?.value
  if (value === undefined || value.kind === 'items') return undefined
  const hash = createHash('sha256')
  if (value.kind === 'bytes') hash.update(value.bytes.subarray(0, nativeLength(tree) ?? value.bytes.length))
  else for (const part of streamParts(value)) hash.update(part)
  return hash.digest('hex')
}

function nativeLength(tree: Tree): number | undefined {
  const number = (tag: number): number | undefined => {
    const value = tree.get(tag)?.value
    return value?.kind === 'bytes' && value.bytes.length >= 2 ? value.bytes.readUInt16LE(0) : undefined
  }
  const [rows, columns, bits] = [number(0x00280010), number(0x00280011), number(0x00280100)]
  if (rows === undefined || columns === undefined || bits === undefined) return undefined
  const frames = tree.get(0x00280008)?.value
  const count = frames?.kind === 'bytes' ? Number(frames.bytes.toString('latin1').trim()) || 1 : 1
  const photometric = tree.get(0x00280004)?.value
  const half = photometric?.kind === 'bytes' && photometric.bytes.toString('latin1').trim() === 'YBR_FULL_422'
  return Math.ceil((rows * columns * (half ? 2 : (number(0x00280002) ?? 1)) * bits * count) / 8)
}

function streamParts(value: Extract<ElementValue, { kind: 'fragments' }>): Buffer[] {
  // The first fragment is the offset table; it moves when comments go. Frames may be cut into fragments anywhere.
  const frames: Buffer[] = []
  for (const fragment of value.fragments.slice(1)) {
    const begins = fragment[0] === 0xff && (fragment[1] === 0xd8 || fragment[1] === 0x4f)
    const last = frames.at(-1)
    if (begins || last === undefined || last[0] !== 0xff) frames.push(fragment)
    else frames[frames.length - 1] = Buffer.concat([last, fragment])
  }
  return frames.flatMap((fragment) => {
    const start = fragment.length >= 4 ? fragment.readUInt16BE(0) : 0
    if (start === 0xffd8)
      return withoutSegments(
        fragment,
        (marker) => marker === 0xfe || (marker > 0xe0 && marker < 0xf0 && marker !== 0xee && marker !== 0xe8),
        0xda,
      )
    if (start === 0xff4f) return withoutSegments(fragment, (marker) => marker === 0x64, 0x90)
    return [fragment]
  })
}

/** Cuts marker segments out of a header up to the marker that starts the coded data, and what follows the last EOI. */
function withoutSegments(stream: Buffer, isComment: (marker: number) => boolean, last: number): Buffer[] {
  const parts: Buffer[] = [stream.subarray(0, 2)]
  let at = 2
  while (at + 4 <= stream.length && stream[at] === 0xff && stream[at + 1] !== last) {
    const next = at + 2 + stream.readUInt16BE(at + 2)
    if (!isComment(stream[at + 1] ?? 0)) parts.push(stream.subarray(at, next))
    at = next
  }
  const end = stream.lastIndexOf(Buffer.of(0xff, 0xd9))
  parts.push(stream.subarray(at, end < at ? stream.length : end))
  return parts
}
