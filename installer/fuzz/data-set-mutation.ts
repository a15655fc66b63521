import fc from 'fast-check'
import { elementsOf, type MappedElement } from './element-map.ts'

const KINDS = [
  'flip-bits',
  'length',
  'vr',
  'tag',
  'truncate',
  'append',
  'remove',
  'repeat',
  'swap',
  'nest',
  'delimiter',
  'character-set',
  'value',
  'pixels',
  'group-length',
] as const

/** One thing done to a data set. `where` and `value` choose among whatever there is to choose from. */
export interface Mutation {
  readonly kind: (typeof KINDS)[number]
  readonly where: number
  readonly value: number
}

/** Any mutation; shrinks towards the start of the data set. */
export const anyMutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom(...KINDS),
  where: fc.nat(0xffffff),
  value: fc.nat(0xffffff),
})

const VRS = ['SQ', 'UN', 'OB', 'OW', 'US', 'FD', 'UT', 'AT', 'IS', 'UI', 'PN', 'ZZ', 'UV', '\0\0', 'sq']
const CHARACTER_SETS = [
  'ISO_IR 999',
  '\\ISO 2022 IR 87\\ISO 2022 IR 159\\ISO 2022 IR 149\\ISO 2022 IR 58',
  'GB18030\\ISO 2022 IR 6',
  'ISO_IR 192\\ISO_IR 192',
  '\x1b$B\x1b$B\x1b$B',
  '',
  '\\\\\\\\\\\\',
  'x'.repeat(200),
]
const VALUES = [0x00, 0xff, 0x39, 0x5c, 0x1b, 0x2d, 0x80]
const ITEM = Buffer.from('feff00e0ffffffff', 'hex')
const ITEM_END = Buffer.from('feff0de000000000', 'hex')
const SEQUENCE_END = Buffer.from('feffdde000000000', 'hex')
const PIXEL_DATA = 0x7fe00010

/** Applies mutations one after the other; the result has an even length, since an odd one cannot be sent (PS3.8 E.1). */
export function mutate(dataSet: Buffer, transferSyntaxUid: string, mutations: readonly Mutation[]): Buffer {
  let bytes: Buffer = Buffer.from(dataSet)
  for (const mutation of mutations) bytes = apply(bytes, transferSyntaxUid, mutation)
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)])
}

function apply(bytes: Buffer, transferSyntaxUid: string, { kind, where, value }: Mutation): Buffer {
  const elements = elementsOf(bytes, transferSyntaxUid)
  const element = elements[where % Math.max(1, elements.length)]
  if (element === undefined || bytes.length === 0) return bytes
  const explicit = transferSyntaxUid !== '1.2.840.10008.1.2'
  const valueEnd = Math.min(bytes.length, element.valueAt + (element.length === 0xffffffff ? 0 : element.length))
  const whole = bytes.subarray(element.start, valueEnd)
  const insert = (at: number, ...pieces: readonly Uint8Array[]): Buffer =>
    Buffer.concat([bytes.subarray(0, at), ...pieces, bytes.subarray(at)])
  switch (kind) {
    case 'flip-bits':
      bytes[where % bytes.length] = (bytes[where % bytes.length] ?? 0) ^ (1 + (value % 255))
      return bytes
    case 'length':
      return writeLength(bytes, element, value)
    case 'vr':
      if (element.vrAt !== undefined) bytes.write(VRS[value % VRS.length] ?? 'UN', element.vrAt, 'latin1')
      return bytes
    case 'tag':
      bytes.writeUInt32LE(value * 16 + (where % 16), element.start)
      return bytes
    case 'truncate':
      return bytes.subarray(0, value % bytes.length)
    case 'append':
      return Buffer.concat([bytes, Buffer.alloc(value % 5000, where)])
    case 'remove':
      return Buffer.concat([bytes.subarray(0, element.start), bytes.subarray(valueEnd)])
    case 'repeat':
      return insert(valueEnd, ...Array.from({ length: 1 + (value % 3) }, () => whole))
    case 'swap': {
      const other = elements[value % elements.length]
      if (other === undefined || other.start < valueEnd) return bytes
      return Buffer.concat([
        bytes.subarray(0, element.start),
        bytes.subarray(other.start),
        whole,
        bytes.subarray(valueEnd, other.start),
      ])
    }
    case 'nest':
      return insert(element.start, nested(1 + (value % 3000), explicit, value % 2 === 0))
    case 'delimiter':
      return insert(
        value % 2 === 0 ? element.start : element.valueAt,
        [ITEM, ITEM_END, SEQUENCE_END][where % 3] ?? ITEM,
      )
    case 'character-set':
      return insert(0, characterSet(CHARACTER_SETS[value % CHARACTER_SETS.length] ?? '', explicit))
    case 'value':
      bytes.fill(VALUES[value % VALUES.length] ?? 0, element.valueAt, Math.min(valueEnd, element.valueAt + 64))
      return bytes
    case 'pixels': {
      const pixels = elements.find((candidate) => candidate.tag === PIXEL_DATA)
      if (pixels === undefined) return bytes
      const span = Math.max(1, Math.min(2000, bytes.length - pixels.lengthAt))
      const at = Math.min(bytes.length - 1, pixels.lengthAt + (where % span))
      bytes[at] = value & 0xff
      return bytes
    }
    case 'group-length':
      return insert(element.start, groupLength(Math.floor(element.tag / 0x10000), explicit, value))
  }
}

function writeLength(bytes: Buffer, element: MappedElement, value: number): Buffer {
  const choices = [
    0,
    1,
    2,
    element.length + 1,
    element.length + 2,
    element.length - 1,
    0x7fffffff,
    0xfffffffe,
    0xffffffff,
  ]
  const length = choices[value % choices.length] ?? 0
  if (element.lengthBytes === 2) bytes.writeUInt16LE(length & 0xffff, element.lengthAt)
  else bytes.writeUInt32LE(length >>> 0, element.lengthAt)
  return bytes
}

/** So many sequences within each other, with or without their ends. */
export function nested(depth: number, explicit: boolean, closed: boolean): Buffer {
  const open = sequenceHeader(explicit)
  const opened = Array.from({ length: depth }, () => [open, ITEM]).flat()
  const ended = closed ? Array.from({ length: depth }, () => [ITEM_END, SEQUENCE_END]).flat() : []
  return Buffer.concat([...opened, ...ended])
}

/** One sequence with so many empty items. */
export function wide(items: number, explicit: boolean): Buffer {
  const body = Buffer.alloc(items * 16)
  for (let index = 0; index < items; index += 1) {
    ITEM.copy(body, index * 16)
    ITEM_END.copy(body, index * 16 + 8)
  }
  return Buffer.concat([sequenceHeader(explicit), body, SEQUENCE_END])
}

/** (0008,1115) Referenced Series Sequence of undefined length. */
function sequenceHeader(explicit: boolean): Buffer {
  return Buffer.from(explicit ? '080015115351' + '0000' + 'ffffffff' : '08001511ffffffff', 'hex')
}

function characterSet(value: string, explicit: boolean): Buffer {
  const text = Buffer.from(value.length % 2 === 0 ? value : `${value} `, 'latin1')
  const head = Buffer.from(explicit ? '0800050043530000' : '0800050000000000', 'hex')
  if (explicit) head.writeUInt16LE(text.length, 6)
  else head.writeUInt32LE(text.length, 4)
  return Buffer.concat([head, text])
}

function groupLength(group: number, explicit: boolean, value: number): Buffer {
  const head = Buffer.from(explicit ? '00000000554c0400' : '0000000004000000', 'hex')
  head.writeUInt16LE(group & 0xffff, 0)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(value)
  return Buffer.concat([head, length])
}
