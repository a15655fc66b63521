import { deflateRawSync } from 'node:zlib'
import { bytesValue, type ElementValue, type Tree, type TreeElement, type TreeFile } from './tree.ts'

const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
const UNDEFINED = 0xffffffff

/** How a file is written beside its transfer syntax. */
export interface WriteOptions {
  /** Sequences and items of undefined length with delimiters (PS3.5 7.5.2). */
  readonly undefinedLengths: boolean
  /** Values are little endian and are turned for a big endian file. False for values read from such a file. */
  readonly turnValues: boolean
}

const UNITS: Readonly<Record<string, number>> = {
  ...{ US: 2, SS: 2, OW: 2, AT: 2, UL: 4, SL: 4, FL: 4, OF: 4, OL: 4, FD: 8, OD: 8 },
}

/** A PS3.10 file of a tree, in the syntax that the tree names. */
export function writeTree(file: TreeFile, options: WriteOptions): Buffer {
  const plain: Form = { explicit: true, big: false, ...options }
  const group = new Map([...file.meta].filter(([tag]) => tag !== 0x00020000))
  const meta = encodeTree(group, plain)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(meta.length)
  const head = encodeElement({ tag: 0x00020000, vr: 'UL', value: bytesValue(length) }, plain)
  const form = {
    ...options,
    explicit: file.syntax !== '1.2.840.10008.1.2',
    big: file.syntax === '1.2.840.10008.1.2.2',
  }
  const body = encodeTree(file.dataSet, form)
  const content = file.syntax === '1.2.840.10008.1.2.1.99' ? padded(deflateRawSync(body)) : body
  return Buffer.concat([file.preamble, Buffer.from('DICM'), head, meta, content])
}

interface Form extends WriteOptions {
  readonly explicit: boolean
  readonly big: boolean
}

/** A data set alone, without preamble and meta information: also what hides in private values. */
export function encodeTree(tree: Tree, form: Form): Buffer {
  const sorted = [...tree.values()].sort((a, b) => a.tag - b.tag)
  return Buffer.concat(sorted.map((element) => encodeElement(element, form)))
}

function encodeElement({ tag, vr, value }: TreeElement, form: Form): Buffer {
  const content = encodeValue(vr, value, form)
  const open = value.kind === 'fragments' || (value.kind === 'items' && form.undefinedLengths)
  const length = open ? UNDEFINED : content.length
  const body = open ? Buffer.concat([content, tagAndLength(0xfffee0dd, 0, form)]) : content
  if (!form.explicit) return Buffer.concat([tagAndLength(tag, length, form), body])
  if (LONG_VRS.has(vr)) {
    const head = Buffer.alloc(8)
    head.write(vr, 0, 'latin1')
    if (form.big) head.writeUInt32BE(length, 4)
    else head.writeUInt32LE(length, 4)
    return Buffer.concat([tagOf(tag, form), head, body])
  }
  if (length > 0xffff) throw new RangeError('a value is too long for its VR')
  const head = Buffer.alloc(4)
  head.write(vr, 0, 'latin1')
  if (form.big) head.writeUInt16BE(length, 2)
  else head.writeUInt16LE(length, 2)
  return Buffer.concat([tagOf(tag, form), head, body])
}

function encodeValue(vr: string, value: ElementValue, form: Form): Buffer {
  if (value.kind === 'fragments')
    return Buffer.concat(value.fragments.flatMap((one) => [tagAndLength(0xfffee000, one.length, form), one]))
  if (value.kind === 'items') return Buffer.concat(value.items.map((item) => encodeItem(item, form)))
  const bytes = padded(value.bytes, ['UI', 'OB', 'OW', 'UN'].includes(vr) ? 0 : 0x20)
  const unit = form.big && form.turnValues ? (UNITS[vr] ?? 1) : 1
  if (unit === 1) return bytes
  const copy = Buffer.from(bytes)
  return unit === 2 ? copy.swap16() : unit === 4 ? copy.swap32() : copy.swap64()
}

function encodeItem(item: Tree, form: Form): Buffer {
  const content = encodeTree(item, form)
  if (!form.undefinedLengths) return Buffer.concat([tagAndLength(0xfffee000, content.length, form), content])
  return Buffer.concat([tagAndLength(0xfffee000, UNDEFINED, form), content, tagAndLength(0xfffee00d, 0, form)])
}

function tagAndLength(tag: number, length: number, form: Form): Buffer {
  const bytes = Buffer.alloc(8)
  tagOf(tag, form).copy(bytes)
  if (form.big) bytes.writeUInt32BE(length, 4)
  else bytes.writeUInt32LE(length, 4)
  return bytes
}

function tagOf(tag: number, form: Form): Buffer {
  const bytes = Buffer.alloc(4)
  const [group, element] = [tag >>> 16, tag & 0xffff]
  if (form.big) {
    bytes.writeUInt16BE(group, 0)
    bytes.writeUInt16BE(element, 2)
  } else {
    bytes.writeUInt16LE(group, 0)
    bytes.writeUInt16LE(element, 2)
  }
  return bytes
}

function padded(bytes: Buffer, filler = 0): Buffer {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(filler)])
}
