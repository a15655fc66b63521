/** Where one element stands in a data set; a length field may be of two or four bytes. */
export interface MappedElement {
  readonly tag: number
  readonly start: number
  /** Undefined in implicit VR and for items and delimiters. */
  readonly vrAt: number | undefined
  readonly lengthAt: number
  readonly lengthBytes: 2 | 4
  readonly valueAt: number
  readonly length: number
}

export const STUDY_INSTANCE_UID = 0x0020000d
const UNDEFINED_LENGTH = 0xffffffff
const LONG_FORM = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'])
const IMPLICIT = '1.2.840.10008.1.2'
const BIG_ENDIAN = '1.2.840.10008.1.2.2'
/** Enough targets; an object with more is not more broken by breaking the last of them. */
const MOST_ELEMENTS = 5000

/**
 * Finds the elements of a data set without being its parser: it walks until something is not understood, and steps into
 * sequences. It shares no code with the product, so that both are not blind to the same thing.
 */
export function elementsOf(dataSet: Buffer, transferSyntaxUid: string): MappedElement[] {
  const explicit = transferSyntaxUid !== IMPLICIT
  const big = transferSyntaxUid === BIG_ENDIAN
  const u16 = (at: number): number => (big ? dataSet.readUInt16BE(at) : dataSet.readUInt16LE(at))
  const u32 = (at: number): number => (big ? dataSet.readUInt32BE(at) : dataSet.readUInt32LE(at))
  const found: MappedElement[] = []
  let at = 0
  while (at + 12 <= dataSet.length && found.length < MOST_ELEMENTS) {
    const start = at
    const tag = u16(at) * 0x10000 + u16(at + 2)
    const isItem = u16(at) === 0xfffe
    const vr = dataSet.toString('latin1', at + 4, at + 6)
    if (explicit && !isItem && !/^[A-Z]{2}$/.test(vr)) break
    const long = !explicit || isItem || LONG_FORM.has(vr)
    const lengthAt = !explicit || isItem ? at + 4 : long ? at + 8 : at + 6
    const length = long ? u32(lengthAt) : u16(lengthAt)
    const valueAt = lengthAt + (long ? 4 : 2)
    const vrAt = explicit && !isItem ? start + 4 : undefined
    found.push({ tag, start, vrAt, lengthAt, lengthBytes: long ? 4 : 2, valueAt, length })
    const steppedInto = length === UNDEFINED_LENGTH || (isItem && !isFragment(found)) || vr === 'SQ'
    at = steppedInto ? valueAt : valueAt + length
  }
  return found
}

/** Items after Pixel Data are fragments: bytes, not elements. */
function isFragment(found: readonly MappedElement[]): boolean {
  for (let index = found.length - 1; index >= 0; index -= 1) {
    const tag = found[index]?.tag ?? 0
    if (Math.floor(tag / 0x10000) !== 0xfffe) return tag === 0x7fe00010
  }
  return false
}
