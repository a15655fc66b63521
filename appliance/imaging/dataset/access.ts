import { decodeText } from './character-set.ts'
import type { DataSet, Element } from './model.ts'
import { traitsOf, type Vr } from './vr.ts'

/** The bytes of an element as they lie in the object, or `undefined` when it is absent, a sequence or encapsulated. */
export function bytesOf(dataSet: DataSet, tag: number): Uint8Array | undefined {
  const value = dataSet.elements.get(tag)?.value
  return value?.kind === 'bytes' ? value.bytes : undefined
}

/** The bytes of an element with its numbers in little endian: the same view where they already are, else a copy. */
export function littleEndianBytes(element: Element): Uint8Array | undefined {
  if (element.value.kind !== 'bytes') return undefined
  const { bytes, bigEndian } = element.value
  return bigEndian ? swapped(bytes, traitsOf(element.vr).unit) : bytes
}

/**
 * The whole value of a text element, decoded with the character sets in force, without padding.
 * Several values stay joined by backslashes. @returns `undefined` when absent, empty, or no text.
 */
export function text(dataSet: DataSet, tag: number): string | undefined {
  const element = dataSet.elements.get(tag)
  if (element?.value.kind !== 'bytes') return undefined
  const kind = traitsOf(element.vr).text
  if (kind === 'none' && element.vr !== 'UN') return undefined
  const decoded =
    kind === 'charset' ? decodeText(element.value.bytes, dataSet.characterSets) : latin1(element.value.bytes)
  const trimmed = isFreeText(element.vr) ? decoded.replace(/[\0 ]+$/, '') : decoded.replaceAll('\0', ' ').trim()
  return trimmed === '' ? undefined : trimmed
}

/** The values of a text element, each without padding; empty ones stay as ''. An absent element gives []. */
export function texts(dataSet: DataSet, tag: number): string[] {
  const whole = text(dataSet, tag)
  if (whole === undefined) return []
  const vr = dataSet.elements.get(tag)?.vr
  // PS3.5 6.2: LT, ST, UT and UR have one value, in which a backslash is a character.
  return vr !== undefined && isFreeText(vr) ? [whole] : whole.split('\\').map((value) => value.trim())
}

/** The first UID of an element, without padding. */
export function uid(dataSet: DataSet, tag: number): string | undefined {
  return texts(dataSet, tag)[0] || undefined
}

/** The items of a sequence; [] when absent or no sequence. */
export function sequence(dataSet: DataSet, tag: number): readonly DataSet[] {
  const value = dataSet.elements.get(tag)?.value
  return value?.kind === 'items' ? value.items : []
}

/** All numbers of an element: binary VRs, or DS and IS. Values that are no finite number are left out. */
export function decimals(dataSet: DataSet, tag: number): number[] {
  const element = dataSet.elements.get(tag)
  if (element === undefined) return []
  if (element.vr === 'DS' || element.vr === 'IS')
    return texts(dataSet, tag)
      .filter((value) => value !== '')
      .map(Number)
      .filter(Number.isFinite)
  return numbers(element)
}

/** The first number of an element, or `undefined`. */
export function decimal(dataSet: DataSet, tag: number): number | undefined {
  return decimals(dataSet, tag)[0]
}

/** All numbers of an element that are safe integers. */
export function integers(dataSet: DataSet, tag: number): number[] {
  return decimals(dataSet, tag).filter(Number.isSafeInteger)
}

/** The first number of an element when it is an integer. */
export function integer(dataSet: DataSet, tag: number): number | undefined {
  const first = decimal(dataSet, tag)
  return first !== undefined && Number.isSafeInteger(first) ? first : undefined
}

type ReadNumber = (view: DataView, at: number, little: boolean) => number

const READERS: Readonly<Partial<Record<Vr, ReadNumber>>> = {
  OB: (view, at) => view.getUint8(at),
  US: (view, at, little) => view.getUint16(at, little),
  OW: (view, at, little) => view.getUint16(at, little),
  AT: (view, at, little) => view.getUint16(at, little),
  SS: (view, at, little) => view.getInt16(at, little),
  UL: (view, at, little) => view.getUint32(at, little),
  OL: (view, at, little) => view.getUint32(at, little),
  SL: (view, at, little) => view.getInt32(at, little),
  FL: (view, at, little) => view.getFloat32(at, little),
  OF: (view, at, little) => view.getFloat32(at, little),
  FD: (view, at, little) => view.getFloat64(at, little),
  OD: (view, at, little) => view.getFloat64(at, little),
  UV: (view, at, little) => Number(view.getBigUint64(at, little)),
  OV: (view, at, little) => Number(view.getBigUint64(at, little)),
  SV: (view, at, little) => Number(view.getBigInt64(at, little)),
}

/** The numbers of a binary element in its own byte order (AT gives group and element apart); [] for every other VR. */
export function numbers(element: Element): number[] {
  const read = READERS[element.vr]
  if (read === undefined || element.value.kind !== 'bytes') return []
  const { bytes, bigEndian } = element.value
  const { unit } = traitsOf(element.vr)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const result = new Array<number>(Math.floor(bytes.length / unit))
  for (let i = 0; i < result.length; i += 1) result[i] = read(view, i * unit, !bigEndian)
  return result
}

/** A copy with the bytes of each number reversed; a last incomplete number stays as it is. */
export function swapped(bytes: Uint8Array, unit: 1 | 2 | 4 | 8): Uint8Array {
  if (unit === 1) return bytes
  const copy = Buffer.from(bytes)
  const whole = copy.subarray(0, copy.length - (copy.length % unit))
  if (unit === 2) whole.swap16()
  else if (unit === 4) whole.swap32()
  else whole.swap64()
  return copy
}

function isFreeText(vr: Vr): boolean {
  return vr === 'LT' || vr === 'ST' || vr === 'UT' || vr === 'UR'
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
