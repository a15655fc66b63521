/** An element to write: tag as 8 hexadecimal digits, VR, and a value; a sequence holds items of elements. */
export interface WriteElement {
  readonly tag: string
  readonly vr: string
  readonly value: string | readonly number[] | Uint8Array | readonly (readonly WriteElement[])[]
}

/** An element with a text value. */
export function text(tag: string, vr: string, value: string): WriteElement {
  return { tag, vr, value }
}

/** Unsigned 16-bit values (US). */
export function unsigned(tag: string, ...values: readonly number[]): WriteElement {
  return { tag, vr: 'US', value: values }
}

/** A sequence (SQ). */
export function sequence(tag: string, ...items: readonly (readonly WriteElement[])[]): WriteElement {
  return { tag, vr: 'SQ', value: items }
}

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'
const IMPLEMENTATION_CLASS = '2.25.223061466270316216044170285466112418387'

/** VRs with a 32-bit length in explicit syntaxes (PS3.5 7.1.2). */
const LONG_LENGTH = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])

/**
 * A Part 10 file in Explicit VR Little Endian (PS3.10 7.1). Elements are sorted by tag. Meant for objects that this
 * program makes itself; text must be ASCII.
 */
export function writePart10(sopClass: string, sopInstance: string, elements: readonly WriteElement[]): Uint8Array {
  const meta = encodeElements([
    { tag: '00020001', vr: 'OB', value: Uint8Array.of(0, 1) },
    text('00020002', 'UI', sopClass),
    text('00020003', 'UI', sopInstance),
    text('00020010', 'UI', EXPLICIT_LITTLE_ENDIAN),
    text('00020012', 'UI', IMPLEMENTATION_CLASS),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.length)
  const group = encodeElements([{ tag: '00020000', vr: 'UL', value: new Uint8Array(length) }])
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), group, meta, encodeElements(elements)])
}

function encodeElements(elements: readonly WriteElement[]): Buffer {
  const sorted = [...elements].sort((a, b) => (a.tag < b.tag ? -1 : 1))
  return Buffer.concat(sorted.flatMap((element) => encodeElement(element)))
}

function encodeElement(element: WriteElement): Buffer[] {
  const value = encodeValue(element)
  const long = LONG_LENGTH.has(element.vr)
  const header = Buffer.alloc(long ? 12 : 8)
  header.writeUInt16LE(Number.parseInt(element.tag.slice(0, 4), 16), 0)
  header.writeUInt16LE(Number.parseInt(element.tag.slice(4), 16), 2)
  header.write(element.vr, 4, 'latin1')
  if (long) header.writeUInt32LE(value.length, 8)
  else header.writeUInt16LE(value.length, 6)
  return [header, value]
}

function encodeValue(element: WriteElement): Buffer {
  const { value, vr } = element
  // PS3.5 6.2: values are padded to an even length, UI and binary with a null, text with a space.
  if (typeof value === 'string') return padded(Buffer.from(value, 'latin1'), vr === 'UI' ? 0 : 0x20)
  if (value instanceof Uint8Array) return padded(Buffer.from(value.buffer, value.byteOffset, value.byteLength), 0)
  return Buffer.concat(value.map((part) => (typeof part === 'number' ? uint16(part) : encodeItem(part))))
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

/** PS3.5 7.5.1: (FFFE,E000) and an explicit length. */
function encodeItem(elements: readonly WriteElement[]): Buffer {
  const content = encodeElements(elements)
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0])
  header.writeUInt32LE(content.length, 4)
  return Buffer.concat([header, content])
}

function padded(bytes: Buffer, filler: number): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(filler)])
}
