import { inflateRawSync } from 'node:zlib'
import type { ElementValue, Tree, TreeFile } from './tree.ts'

const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
const UNDEFINED = 0xffffffff
const ITEM = 0xfffee000
const ITEM_END = 0xfffee00d
const SEQUENCE_END = 0xfffee0dd
const PIXEL_DATA = 0x7fe00010
const MOST_DEPTH = 32

interface Form {
  readonly explicit: boolean
  readonly big: boolean
}

/** Reads a PS3.10 file. @throws RangeError when the bytes are not one, or break off. */
export function readTree(file: Uint8Array): TreeFile {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  if (bytes.toString('latin1', 128, 132) !== 'DICM') throw new RangeError('no DICM prefix')
  const meta: Tree = new Map()
  const reader = new Reader(bytes, 132, { explicit: true, big: false })
  while (reader.more() && reader.peekGroup() === 2) reader.element(meta, 0)
  const syntax = valueText(meta, 0x00020010)
  const body = bytes.subarray(reader.at)
  const content = syntax === '1.2.840.10008.1.2.1.99' ? inflateRawSync(body) : body
  const dataSet: Tree = new Map()
  const form = { explicit: syntax !== '1.2.840.10008.1.2', big: syntax === '1.2.840.10008.1.2.2' }
  const rest = new Reader(content, 0, form)
  while (rest.more()) rest.element(dataSet, 0)
  return { preamble: bytes.subarray(0, 128), meta, syntax, dataSet }
}

function valueText(tree: Tree, tag: number): string {
  const value = tree.get(tag)?.value
  return value?.kind === 'bytes' ? value.bytes.toString('latin1').replace(/[\0 ]+$/, '') : ''
}

class Reader {
  readonly #bytes: Buffer
  readonly #form: Form
  at: number

  constructor(bytes: Buffer, at: number, form: Form) {
    this.#bytes = bytes
    this.at = at
    this.#form = form
  }

  more(): boolean {
    return this.at + 8 <= this.#bytes.length
  }

  peekGroup(): number {
    return this.#bytes.readUInt16LE(this.at)
  }

  element(into: Tree, depth: number): void {
    const tag = this.#tag()
    let vr = '??'
    let length: number
    if (this.#form.explicit) {
      vr = this.#bytes.toString('latin1', this.at, this.at + 2)
      this.at += 2
      if (LONG_VRS.has(vr)) {
        this.at += 2
        length = this.#uint32()
      } else length = this.#uint16()
    } else length = this.#uint32()
    into.set(tag, { tag, vr: this.#sequenceVr(vr, tag, length), value: this.#value(tag, vr, length, depth) })
  }

  #sequenceVr(vr: string, tag: number, length: number): string {
    if (vr !== '??') return vr
    return length === UNDEFINED && tag !== PIXEL_DATA ? 'SQ' : vr
  }

  #value(tag: number, vr: string, length: number, depth: number): ElementValue {
    if (tag === PIXEL_DATA && length === UNDEFINED) return this.#fragments()
    // PS3.5 6.2.2: UN of undefined length holds a sequence in Implicit VR Little Endian.
    if (vr === 'UN' && length === UNDEFINED) return this.#nested({ explicit: false, big: false }, length, depth)
    if (vr === 'SQ' || length === UNDEFINED) return this.#nested(this.#form, length, depth)
    return { kind: 'bytes', bytes: this.#take(length) }
  }

  #nested(form: Form, length: number, depth: number): ElementValue {
    if (depth > MOST_DEPTH) throw new RangeError('sequences nest too deep')
    const inner = new Reader(this.#bytes, this.at, form)
    const end = length === UNDEFINED ? this.#bytes.length : this.at + length
    if (end > this.#bytes.length) throw new RangeError('a sequence reaches beyond the file')
    const items: Tree[] = []
    while (inner.at < end) {
      const tag = inner.#tag()
      const itemLength = inner.#uint32()
      if (tag === SEQUENCE_END) break
      if (tag !== ITEM) throw new RangeError('an item was expected')
      items.push(inner.#item(itemLength, depth))
    }
    this.at = inner.at
    return { kind: 'items', items }
  }

  #item(length: number, depth: number): Tree {
    const item: Tree = new Map()
    const end = length === UNDEFINED ? this.#bytes.length : this.at + length
    while (this.at < end) {
      const start = this.at
      if (this.#tag() === ITEM_END) {
        this.#uint32()
        break
      }
      this.at = start
      this.element(item, depth + 1)
    }
    return item
  }

  #fragments(): ElementValue {
    const fragments: Buffer[] = []
    while (this.more()) {
      const tag = this.#tag()
      const length = this.#uint32()
      if (tag === SEQUENCE_END) return { kind: 'fragments', fragments }
      if (tag !== ITEM) throw new RangeError('a fragment was expected')
      fragments.push(this.#take(length))
    }
    throw new RangeError('the fragments break off')
  }

  #tag(): number {
    return this.#uint16() * 0x10000 + this.#uint16()
  }

  #uint16(): number {
    const value = this.#form.big ? this.#bytes.readUInt16BE(this.at) : this.#bytes.readUInt16LE(this.at)
    this.at += 2
    return value
  }

  #uint32(): number {
    const value = this.#form.big ? this.#bytes.readUInt32BE(this.at) : this.#bytes.readUInt32LE(this.at)
    this.at += 4
    return value
  }

  #take(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw new RangeError('a value reaches beyond the file')
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }
}
