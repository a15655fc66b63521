import { PrivateBlocks } from './private-blocks.ts'

/** Which rule a de-identified object breaks. */
export type StructureRule =
  | 'preamble-not-empty'
  | 'meta-element-unexpected'
  | 'private-element'
  | 'graphics-element'
  | 'name-not-pseudonymised'
  | 'character-set-unexpected'
  | 'identity-mark-missing'
  | 'age-over-89'

/** What the second reader found. */
export type ReadFinding =
  /** The bytes end before the pixel data begins. */
  | { readonly kind: 'more' }
  | { readonly kind: 'broken'; readonly rule: StructureRule }
  /** Deflated: nothing in it can be searched. */
  | { readonly kind: 'compressed' }
  | {
      readonly kind: 'read'
      /** All text values, one a line, in UTF-8. */
      readonly text: Buffer
      /** Those of them that people type: descriptions, comments, labels; one a line. */
      readonly prose: Buffer
      /** How many text values there are. */
      readonly checks: number
      /** Where the Pixel Data at the top begins; the end of the bytes where there is none. */
      readonly headerEnd: number
    }

const PREAMBLE_BYTES = 128
const PREFIX = 0x4d434944
const PIXEL_DATA = 0x7fe00010
const ITEM = 0xfffee000
const ITEM_END = 0xfffee00d
const SEQUENCE_END = 0xfffee0dd
const UNDEFINED = 0xffffffff
const DEEPEST = 32

const TRANSFER_SYNTAX = 0x00020010
const CHARACTER_SET = 0x00080005
const IDENTITY_REMOVED = 0x00120062
const META_ELEMENTS = new Set([0x00020000, 0x00020001, 0x00020002, 0x00020003, TRANSFER_SYNTAX, 0x00020012, 0x00020013])

/** What is not explicit VR little endian throughout. No object that may leave has one of these. */
const OTHER_ENCODINGS = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.2'])
const DEFLATED = new Set(['1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.4.95'])

/** PS3.5 table 6.2-1 by the two letters: the length field in bytes, and whether the value is text. */
const VRS = new Map<number, { readonly long: boolean; readonly text: boolean }>()
for (const name of 'AE AS CS DA DS DT IS LO LT PN SH ST TM UI'.split(' '))
  VRS.set(code(name), { long: false, text: true })
for (const name of 'UC UR UT'.split(' ')) VRS.set(code(name), { long: true, text: true })
for (const name of 'AT FD FL SL SS UL US'.split(' ')) VRS.set(code(name), { long: false, text: false })
for (const name of 'OB OD OF OL OV OW SQ SV UN UV'.split(' ')) VRS.set(code(name), { long: true, text: false })
const SQ = code('SQ')
const PN = code('PN')
const AS = code('AS')
const PROSE = new Set(['LO', 'LT', 'SH', 'ST', 'UC', 'UT'].map(code))

/** A pseudonym of the engine, or its word for a value that it took away (PS3.15 E.1.1: a dummy value). */
const DUMMY_TEXT = 'ANONYMIZED'
const NAME = /^ANON\^[0-9a-f]{12}$/

/** Raised where the bytes end; a longer beginning of the same object may go further. One for all: stack traces cost. */
const END_OF_BYTES = new RangeError('the bytes end within an element')
/** Raised where a rule is broken. */
class RuleBroken extends Error {
  readonly rule: StructureRule
  constructor(rule: StructureRule) {
    super(rule)
    this.rule = rule
  }
}

/**
 * Reads a de-identified object up to its pixels and holds its structure against the profile. It shares no code with the
 * engine, and reads only what the engine is meant to write: explicit VR little endian, ascending tags, known VRs.
 * @param whole the bytes are the whole object.
 * @param allowsPrivate private elements that PS3.15 table E.3.10-1 lists may be there.
 * @throws RangeError for anything else; the caller fails closed.
 */
export function readObject(bytes: Buffer, whole: boolean, allowsPrivate = false): ReadFinding {
  const reader = new ObjectReader(bytes, allowsPrivate)
  try {
    return reader.read(whole)
  } catch (error) {
    if (error instanceof RuleBroken) return { kind: 'broken', rule: error.rule }
    if (error === END_OF_BYTES && !whole) return { kind: 'more' }
    throw error
  }
}

class ObjectReader {
  readonly #bytes: Buffer
  readonly #texts: Uint8Array[] = []
  readonly #prose: Uint8Array[] = []
  readonly #allowsPrivate: boolean
  #at = 0
  #isMarked = false

  constructor(bytes: Buffer, allowsPrivate: boolean) {
    this.#bytes = bytes
    this.#allowsPrivate = allowsPrivate
  }

  read(whole: boolean): ReadFinding {
    this.#need(PREAMBLE_BYTES + 4)
    if (this.#bytes.readUInt32LE(PREAMBLE_BYTES) !== PREFIX)
      throw new RangeError('the bytes are no DICOM file (PS3.10 7.1)')
    if (this.#bytes.subarray(0, PREAMBLE_BYTES).some((byte) => byte !== 0)) throw new RuleBroken('preamble-not-empty')
    this.#at = PREAMBLE_BYTES + 4
    const syntax = this.#readMeta()
    if (DEFLATED.has(syntax)) return { kind: 'compressed' }
    if (OTHER_ENCODINGS.has(syntax)) throw new RangeError('the data set is not in explicit VR little endian')
    const headerEnd = this.#readTop(whole)
    if (!this.#isMarked) throw new RuleBroken('identity-mark-missing')
    return { kind: 'read', text: lines(this.#texts), prose: lines(this.#prose), checks: this.#texts.length, headerEnd }
  }

  /** Group 0002. @returns its transfer syntax UID. */
  #readMeta(): string {
    let syntax = ''
    for (;;) {
      this.#need(8)
      if (this.#bytes.readUInt16LE(this.#at) !== 0x0002) return syntax
      const { tag, vr, length } = this.#header()
      if (!META_ELEMENTS.has(tag)) throw new RuleBroken('meta-element-unexpected')
      const value = this.#value(length)
      if (VRS.get(vr)?.text === true) this.#texts.push(value)
      if (tag === TRANSFER_SYNTAX) syntax = value.toString('latin1').replace(/[\0 ]+$/, '')
    }
  }

  /** The elements at the top, to the pixel data. @returns where they end. */
  #readTop(whole: boolean): number {
    let last = -1
    const blocks = new PrivateBlocks()
    while (this.#at < this.#bytes.length) {
      const start = this.#at
      last = this.#readElement(last, 0, blocks)
      if (last === PIXEL_DATA) return start
    }
    if (!whole) throw END_OF_BYTES
    return this.#at
  }

  /** The elements of an item. @param length of the item; undefined where a delimiter ends it. */
  #readItem(length: number, depth: number): void {
    if (depth > DEEPEST) throw new RangeError('sequences are nested too deep')
    const isDelimited = length === UNDEFINED
    if (!isDelimited) this.#need(length)
    const end = isDelimited ? Number.POSITIVE_INFINITY : this.#at + length
    let last = -1
    const blocks = new PrivateBlocks()
    while (this.#at < end) {
      this.#need(8)
      if (isDelimited && this.#tag(this.#at) === ITEM_END) {
        this.#at += 8
        return
      }
      last = this.#readElement(last, depth, blocks)
    }
    if (this.#at !== end) throw new RangeError('an element is longer than what holds it')
  }

  /** One element; of Pixel Data at the top only the header. @returns its tag. */
  #readElement(last: number, depth: number, blocks: PrivateBlocks): number {
    this.#need(8)
    const { tag, vr, length } = this.#header()
    if (tag <= last) throw new RangeError('elements do not ascend')
    if (tag === PIXEL_DATA && depth === 0) return tag
    if (isPrivate(tag)) this.#checkPrivate(tag, vr, length, blocks)
    else checkFamily(tag)
    if (vr === SQ) this.#readItems(length, depth)
    else this.#checkValue(tag, vr, this.#value(length), depth)
    return tag
  }

  #checkPrivate(tag: number, vr: number, length: number, blocks: PrivateBlocks): void {
    const name = String.fromCharCode(vr >>> 8, vr & 0xff)
    if (name === 'LO') this.#need(length)
    const text = name === 'LO' ? this.#bytes.toString('latin1', this.#at, this.#at + length) : ''
    if (!this.#allowsPrivate || !blocks.accepts(tag, name, text)) throw new RuleBroken('private-element')
  }

  #readItems(length: number, depth: number): void {
    const end = length === UNDEFINED ? Number.POSITIVE_INFINITY : this.#at + length
    if (length !== UNDEFINED) this.#need(length)
    while (this.#at < end) {
      this.#need(8)
      const tag = this.#tag(this.#at)
      const itemLength = this.#bytes.readUInt32LE(this.#at + 4)
      this.#at += 8
      if (tag === SEQUENCE_END && length === UNDEFINED) return
      if (tag !== ITEM) throw new RangeError('a sequence holds what is no item')
      this.#readItem(itemLength, depth + 1)
    }
    if (this.#at !== end) throw new RangeError('an item is longer than its sequence')
  }

  #checkValue(tag: number, vr: number, value: Buffer, depth: number): void {
    if (VRS.get(vr)?.text !== true) return
    if (value.length > 0) this.#texts.push(value)
    if (value.length > 0 && PROSE.has(vr)) this.#prose.push(value)
    // PS3.15 E.3.5 note and 45 CFR 164.514(b)(2)(i)(C): ages over 89 are one category.
    if (vr === AS && isOver89(value.toString('latin1'))) throw new RuleBroken('age-over-89')
    if (vr === PN) {
      const names = value.toString('utf8').replaceAll('\0', ' ').split(/[\\=]/)
      if (!names.every((name) => isPseudonym(name.trim()))) throw new RuleBroken('name-not-pseudonymised')
    }
    // The text above is only then what a reader of the object would see (PS3.3 C.12.1.1.2).
    if (tag === CHARACTER_SET && !/^(?:ISO_IR 192)? *$/.test(value.toString('latin1')))
      throw new RuleBroken('character-set-unexpected')
    if (tag === IDENTITY_REMOVED && depth === 0) this.#isMarked = value.toString('latin1').trim() === 'YES'
  }

  #header(): { tag: number; vr: number; length: number } {
    const start = this.#at
    const tag = this.#tag(start)
    const vr = this.#bytes.readUInt16BE(start + 4)
    const traits = VRS.get(vr)
    if (traits === undefined) throw new RangeError('an element has no VR of the standard')
    if (!traits.long) {
      this.#at = start + 8
      return { tag, vr, length: this.#bytes.readUInt16LE(start + 6) }
    }
    this.#need(12)
    this.#at = start + 12
    return { tag, vr, length: this.#bytes.readUInt32LE(start + 8) }
  }

  #value(length: number): Buffer {
    if (length === UNDEFINED) throw new RangeError('an element of undefined length is no sequence')
    this.#need(length)
    const value = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return value
  }

  #tag(at: number): number {
    return ((this.#bytes.readUInt16LE(at) << 16) | this.#bytes.readUInt16LE(at + 2)) >>> 0
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) throw END_OF_BYTES
  }
}

const LINE_END = Buffer.from('\n')

function lines(texts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(texts.flatMap((text) => [text, LINE_END]))
}

/** PS3.5 table 6.2-1: three digits and a unit. 90 years and more is written as 090Y. */
function isOver89(value: string): boolean {
  return value.split('\\').some((age) => /^\d{3}Y *$/.test(age) && Number(age.slice(0, 3)) > 90)
}

function isPrivate(tag: number): boolean {
  return (tag >>> 16) % 2 === 1
}

function checkFamily(tag: number): void {
  const family = tag >>> 24
  if (family === 0x50 || family === 0x60) throw new RuleBroken('graphics-element')
}

function isPseudonym(name: string): boolean {
  return name === '' || name === DUMMY_TEXT || NAME.test(name)
}

function code(name: string): number {
  return (name.charCodeAt(0) << 8) | name.charCodeAt(1)
}
