import { implicitVr, isPrivate } from './dictionary.ts'
import { DataSetError } from './errors.ts'
import type { DataSet, Element, ElementValue, Encoding } from './model.ts'
import { traitsOfCode, type Vr } from './vr.ts'

/** Caps on what one object may hold. Hostile input reaches the parser first, so each has a default. */
export interface ReadLimits {
  /** Bytes of the object. */
  readonly maxBytes: number
  /** Bytes of a deflated data set after inflating. */
  readonly maxInflatedBytes: number
  /** Elements, items and fragments together. */
  readonly maxElements: number
  /** Sequences within sequences. */
  readonly maxDepth: number
}

export const defaultReadLimits: ReadLimits = {
  maxBytes: 2 ** 31,
  maxInflatedBytes: 2 ** 29,
  maxElements: 1_000_000,
  maxDepth: 32,
}

const ITEM = 0xfffee000
const ITEM_DELIMITER = 0xfffee00d
const SEQUENCE_DELIMITER = 0xfffee0dd
const UNDEFINED = 0xffffffff
const SPECIFIC_CHARACTER_SET = 0x00080005
const PIXEL_REPRESENTATION = 0x00280103

/** What an item takes over from the data set around it. */
interface Scope {
  readonly encoding: Encoding
  readonly depth: number
  readonly characterSets: readonly string[]
  readonly pixelRepresentation: number
}

/** Tag, VR and length field of one element; the position stands at its value. */
interface Header {
  readonly tag: number
  readonly vr: Vr
  readonly length: number
}

/** Where the value of a Pixel Data element at the top of a data set begins. */
export interface PixelDataPlace {
  readonly valueStart: number
  /** As the length field has it: 0xFFFFFFFF for encapsulated pixel data (PS3.5 A.4). */
  readonly length: number
  readonly encoding: Encoding
}

const PIXEL_DATA = 0x7fe00010
/** Only these hold pixels; whatever else calls itself Pixel Data is read as any element. */
const PIXEL_VRS: ReadonlySet<Vr> = new Set<Vr>(['OB', 'OW', 'UN'])

const UN_ENCODING: Encoding = { explicit: false, bigEndian: false }

/** Reads elements from one buffer. Values are views into it; nothing of a value is copied. */
export class ElementReader {
  readonly #bytes: Buffer
  readonly #limits: ReadLimits
  #position: number
  #count = 0
  #truncated = false
  #seeksPixelData = false
  #pixelData: PixelDataPlace | undefined

  constructor(bytes: Buffer, position: number, limits: ReadLimits) {
    this.#bytes = bytes
    this.#position = position
    this.#limits = limits
  }

  /** Where the next element begins. */
  get position(): number {
    return this.#position
  }

  /** True once the bytes ended before what they announced. */
  get truncated(): boolean {
    return this.#truncated
  }

  /** Reads to the end of the bytes. @throws DataSetError */
  readAll(encoding: Encoding): DataSet {
    return this.#readElements(this.#bytes.length, false, {
      encoding,
      depth: 0,
      characterSets: [],
      pixelRepresentation: 0,
    })
  }

  /**
   * Reads up to the Pixel Data at the top of the data set and says where its value is, without touching it.
   * @returns `undefined` when the bytes end before, or the element has no form of its own. @throws DataSetError
   */
  findPixelData(encoding: Encoding): PixelDataPlace | undefined {
    this.#seeksPixelData = true
    this.readAll(encoding)
    return this.#pixelData
  }

  /** Reads elements while their group is `group` (file meta information has no other end, PS3.10 7.1). */
  readGroup(group: number, encoding: Encoding): DataSet {
    const elements = new Map<number, Element>()
    const scope = { encoding, depth: 0, characterSets: [], pixelRepresentation: 0 }
    const end = this.#bytes.length
    while (end - this.#position >= 8 && this.#bytes.readUInt16LE(this.#position) === group)
      this.#readInto(elements, this.#readHeader(end, scope, scope.pixelRepresentation), end, scope)
    return { elements, characterSets: [] }
  }

  #readElements(end: number, delimited: boolean, inherited: Scope): DataSet {
    if (inherited.depth > this.#limits.maxDepth)
      throw new DataSetError('nested-too-deep', 'sequences are nested too deep', this.#position)
    const elements = new Map<number, Element>()
    let scope = inherited
    while (this.#position < end) {
      if (end - this.#position < 8) {
        this.#endOfBytes(end)
        break
      }
      const start = this.#position
      const tag = this.#tagAt(start, scope.encoding)
      if (tag === ITEM_DELIMITER && delimited) {
        this.#position = start + 8
        return { elements, characterSets: scope.characterSets }
      }
      // (0000,0000) begins a command set; anywhere else only padding looks like it.
      if (tag === 0 && this.#count > 0) {
        if (scope.depth === 0 && this.#restIsZero()) break
        throw new DataSetError('structure-invalid', 'a command group length stands out of place', start)
      }
      const header = this.#readHeader(end, scope, scope.pixelRepresentation)
      if (this.#seeksPixelData && this.#isPixelData(header, start, scope)) {
        this.#pixelData = { valueStart: this.#position, length: header.length, encoding: scope.encoding }
        break
      }
      const element = this.#readInto(elements, header, end, scope)
      if (element !== undefined) scope = withInheritance(scope, element)
    }
    if (delimited) this.#missingDelimiter(end)
    return { elements, characterSets: scope.characterSets }
  }

  /** True for pixels with a 32-bit length field: UN of undefined length is a sequence, and old VRs have 16 bits. */
  #isPixelData({ tag, vr, length }: Header, start: number, { encoding, depth }: Scope): boolean {
    if (depth > 0 || tag !== PIXEL_DATA || !PIXEL_VRS.has(vr)) return false
    if (encoding.explicit && this.#position - start !== 12) return false
    return length !== UNDEFINED || vr !== 'UN'
  }

  #readInto(elements: Map<number, Element>, header: Header, end: number, scope: Scope): Element | undefined {
    this.#countOne()
    const start = this.#position
    const { value, vr } = this.#readValue(header, end, scope)
    if ((header.tag & 0xffff) === 0) return undefined
    if (elements.has(header.tag)) throw new DataSetError('duplicate-element', 'an element occurs twice', start)
    const element: Element = { tag: header.tag, vr, value }
    // A search for the pixels keeps nothing: tens of thousands of functional groups would fill the memory twice.
    if (!this.#seeksPixelData) elements.set(header.tag, element)
    return element
  }

  #readHeader(end: number, scope: Scope, pixelRepresentation: number): Header {
    const { explicit, bigEndian } = scope.encoding
    const start = this.#position
    const tag = this.#tagAt(start, scope.encoding)
    // PS3.5 7.5: items and delimiters stand inside sequences only and never as elements.
    if (tag >>> 16 === 0xfffe) throw new DataSetError('structure-invalid', 'a delimiter stands out of place', start)
    if (!explicit) {
      this.#position = start + 8
      return { tag, vr: implicitVr(tag, pixelRepresentation), length: this.#u32(start + 4, bigEndian) }
    }
    const code = this.#bytes.readUInt16BE(start + 4)
    const traits = traitsOfCode(code)
    if (traits !== undefined && !traits.longForm) {
      this.#position = start + 8
      return {
        tag,
        vr: traits.vr,
        length: bigEndian ? this.#bytes.readUInt16BE(start + 6) : this.#bytes.readUInt16LE(start + 6),
      }
    }
    if (traits === undefined) return this.#unknownVr(tag, code, end, bigEndian)
    if (end - start < 12) {
      this.#endOfBytes(end)
      return { tag, vr: traits.vr, length: 0 }
    }
    this.#position = start + 12
    return { tag, vr: traits.vr, length: this.#u32(start + 8, bigEndian) }
  }

  /** A VR of a later edition has the 32-bit form (PS3.5 6.2.2); old writers left other letters before a 16-bit length. */
  #unknownVr(tag: number, code: number, end: number, bigEndian: boolean): Header {
    const start = this.#position
    const short = bigEndian ? this.#bytes.readUInt16BE(start + 6) : this.#bytes.readUInt16LE(start + 6)
    const long = end - start >= 12 && short === 0 ? this.#u32(start + 8, bigEndian) : undefined
    if (isUpperCasePair(code) && long !== undefined && long <= end - start - 12) {
      this.#position = start + 12
      return { tag, vr: 'UN', length: long }
    }
    if (short > end - start - 8) throw new DataSetError('structure-invalid', 'an element has no valid VR', start)
    this.#position = start + 8
    return { tag, vr: 'UN', length: short }
  }

  #readValue(header: Header, end: number, scope: Scope): { value: ElementValue; vr: Vr } {
    const { tag, vr, length } = header
    if (length === UNDEFINED) {
      if (vr === 'SQ') return { vr, value: this.#readItems(end, true, scope) }
      // PS3.5 6.2.2 note 1: UN of undefined length is a sequence in implicit VR little endian.
      if (vr === 'UN') return { vr: 'SQ', value: this.#readItems(end, true, { ...scope, encoding: UN_ENCODING }) }
      if (vr === 'OB' || vr === 'OW') return { vr: 'OB', value: this.#readFragments(end, scope.encoding) }
      throw new DataSetError('structure-invalid', 'an element of undefined length is no sequence', this.#position)
    }
    const available = this.#available(length, end)
    const valueEnd = this.#position + available
    if (vr === 'SQ') return { vr, value: this.#readItems(valueEnd, false, scope) }
    if (vr === 'UN' && available === length && scope.encoding.explicit && !isPrivate(tag)) {
      const resolved = this.#resolveUnknown(tag, valueEnd, scope)
      if (resolved !== undefined) return resolved
    }
    const bytes = this.#bytes.subarray(this.#position, valueEnd)
    this.#position = valueEnd
    return { vr, value: { kind: 'bytes', bytes, bigEndian: scope.encoding.bigEndian && vr !== 'UN' } }
  }

  /** A public attribute sent as UN is read with its own VR; its bytes are little endian (PS3.5 6.2.2). */
  #resolveUnknown(tag: number, valueEnd: number, scope: Scope): { value: ElementValue; vr: Vr } | undefined {
    const vr = implicitVr(tag, scope.pixelRepresentation)
    if (vr === 'UN') return undefined
    const start = this.#position
    if (vr !== 'SQ') {
      this.#position = valueEnd
      return { vr, value: { kind: 'bytes', bytes: this.#bytes.subarray(start, valueEnd), bigEndian: false } }
    }
    try {
      return { vr, value: this.#readItems(valueEnd, false, { ...scope, encoding: UN_ENCODING }) }
    } catch (error) {
      if (!(error instanceof DataSetError) || error.code === 'too-many-elements') throw error
      this.#position = start
      return undefined
    }
  }

  #readItems(end: number, delimited: boolean, scope: Scope): ElementValue {
    const items: DataSet[] = []
    const inner = { ...scope, depth: scope.depth + 1 }
    while (this.#position < end) {
      const item = this.#readItemHeader(end, scope.encoding)
      if (item === 'truncated') break
      if (item === 'sequence-end') {
        if (!delimited) throw new DataSetError('structure-invalid', 'a delimiter stands out of place', this.#position)
        return { kind: 'items', items }
      }
      this.#countOne()
      const dataSet =
        item === UNDEFINED
          ? this.#readElements(end, true, inner)
          : this.#readElements(this.#position + this.#available(item, end), false, inner)
      if (!this.#seeksPixelData) items.push(dataSet)
    }
    if (delimited) this.#missingDelimiter(end)
    return { kind: 'items', items }
  }

  #readFragments(end: number, encoding: Encoding): ElementValue {
    const fragments: Uint8Array[] = []
    for (;;) {
      if (this.#position >= end) {
        this.#missingDelimiter(end)
        break
      }
      const item = this.#readItemHeader(end, encoding)
      if (item === 'truncated' || item === 'sequence-end') break
      this.#countOne()
      if (item === UNDEFINED)
        throw new DataSetError('structure-invalid', 'a fragment has no length (PS3.5 A.4)', this.#position)
      const available = this.#available(item, end)
      fragments.push(this.#bytes.subarray(this.#position, this.#position + available))
      this.#position += available
    }
    return { kind: 'fragments', offsetTable: fragments[0] ?? new Uint8Array(0), fragments: fragments.slice(1) }
  }

  /** The length of the item that begins here, or the end of the sequence. */
  #readItemHeader(end: number, encoding: Encoding): number | 'sequence-end' | 'truncated' {
    if (end - this.#position < 8) {
      this.#endOfBytes(end)
      return 'truncated'
    }
    const start = this.#position
    const tag = this.#tagAt(start, encoding)
    this.#position = start + 8
    if (tag === SEQUENCE_DELIMITER) return 'sequence-end'
    if (tag !== ITEM) throw new DataSetError('structure-invalid', 'a sequence holds what is no item', start)
    return this.#u32(start + 4, encoding.bigEndian)
  }

  /** How many of `length` bytes there are; fewer than asked for only where the bytes as a whole end. */
  #available(length: number, end: number): number {
    const remaining = end - this.#position
    if (length <= remaining) return length
    if (end !== this.#bytes.length)
      throw new DataSetError('length-beyond-container', 'an element is longer than what holds it', this.#position)
    this.#truncated = true
    return remaining
  }

  #missingDelimiter(end: number): void {
    if (end !== this.#bytes.length)
      throw new DataSetError('structure-invalid', 'a delimiter is missing', this.#position)
    this.#truncated = true
  }

  #endOfBytes(end: number): void {
    if (end !== this.#bytes.length)
      throw new DataSetError('length-beyond-container', 'an element is longer than what holds it', this.#position)
    if (!this.#restIsZero()) this.#truncated = true
    this.#position = end
  }

  /** Zero bytes after the last element are padding of the medium and no data. */
  #restIsZero(): boolean {
    for (let i = this.#position; i < this.#bytes.length; i += 1) if (this.#bytes[i] !== 0) return false
    this.#position = this.#bytes.length
    return true
  }

  #tagAt(at: number, encoding: Encoding): number {
    if (encoding.bigEndian) return this.#bytes.readUInt32BE(at)
    return ((this.#bytes.readUInt16LE(at) << 16) | this.#bytes.readUInt16LE(at + 2)) >>> 0
  }

  #u32(at: number, bigEndian: boolean): number {
    return bigEndian ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at)
  }

  #countOne(): void {
    this.#count += 1
    if (this.#count > this.#limits.maxElements)
      throw new DataSetError('too-many-elements', 'the object has too many elements', this.#position)
  }
}

/** (0008,0005) and (0028,0103) govern everything after them in this data set and in its items. */
function withInheritance(scope: Scope, element: Element): Scope {
  if (element.value.kind !== 'bytes') return scope
  const { bytes, bigEndian } = element.value
  if (element.tag === SPECIFIC_CHARACTER_SET) {
    const terms = Buffer.from(bytes).toString('latin1').split('\\')
    return { ...scope, characterSets: terms.map((term) => term.replaceAll('\0', ' ').trim()) }
  }
  if (element.tag === PIXEL_REPRESENTATION && bytes.length >= 2)
    return { ...scope, pixelRepresentation: (bigEndian ? bytes[1] : bytes[0]) ?? 0 }
  return scope
}

function isUpperCasePair(code: number): boolean {
  const first = code >>> 8
  const second = code & 0xff
  return first >= 0x41 && first <= 0x5a && second >= 0x41 && second <= 0x5a
}
