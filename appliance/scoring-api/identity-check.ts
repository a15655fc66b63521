import { isPlaceholderId, type PixelRisk } from '../deidentify/index.ts'
import { attributeOf, type DataSet, type Element, sequence, text, texts } from '../imaging/dataset/index.ts'
import type { NamedAttribute } from './errors.ts'

const PATIENT_NAME = 0x00100010
const PATIENT_ID = 0x00100020
const IDENTITY_REMOVED = 0x00120062
const METHOD = 0x00120063
const METHOD_CODES = 0x00120064
const DATES_MODIFIED = 0x00280303
const BURNED_IN = 0x00280301
const CODE_VALUE = 0x00080100
/** PS3.16 CID 7050: Clean Pixel Data Option. */
const CLEAN_PIXEL_DATA = '113101'
/** What says that an object was de-identified, or is structure of the file: never a reason against it. */
const MARKS: ReadonlySet<number> = new Set([0x00080005, IDENTITY_REMOVED, METHOD, METHOD_CODES, DATES_MODIFIED])
const DATE_VRS: ReadonlySet<string> = new Set(['DA', 'DT', 'TM'])
/** A number that was made for the purpose; names and numbers of people do not look like this. */
const PSEUDONYM = /^[0-9a-f]{12,64}$/i
/** Attributes that one answer names at most. */
const MOST_NAMED = 64

/**
 * What of an object stands against its being de-identified: every attribute that this box's own de-identification would
 * take out, empty or replace (PS3.15 table E.1-1 and what has no row there), except for what a replaced value may look
 * like as well: any UID, a pseudonym as name and number, dates where the object says that they were changed.
 * @param object as it came.
 * @param cleaned the same after the box's own profile.
 */
export function identifyingAttributes(object: DataSet, cleaned: DataSet): readonly NamedAttribute[] {
  const found: NamedAttribute[] = []
  if (text(object, IDENTITY_REMOVED)?.toUpperCase() !== 'YES') found.push(nameOf(IDENTITY_REMOVED, ''))
  const datesMoved = ['MODIFIED', 'REMOVED'].includes(text(object, DATES_MODIFIED)?.toUpperCase() ?? '')
  walk(object, cleaned, '', datesMoved, found)
  return found.slice(0, MOST_NAMED)
}

/** The attribute that keeps an object out for its pixels, which nobody reads here; undefined when none does. */
export function attributeOfPixels(object: DataSet, risk: PixelRisk): NamedAttribute | undefined {
  if (risk === 'none') return undefined
  if (risk === 'declared') return nameOf(BURNED_IN, '')
  const codes = sequence(object, METHOD_CODES).map((item) => text(item, CODE_VALUE))
  return codes.includes(CLEAN_PIXEL_DATA) ? undefined : nameOf(METHOD_CODES, '')
}

function walk(
  object: DataSet,
  cleaned: DataSet | undefined,
  path: string,
  datesMoved: boolean,
  found: NamedAttribute[],
): void {
  for (const element of object.elements.values()) {
    if (found.length > MOST_NAMED) return
    const { tag, value } = element
    if (path === '' && MARKS.has(tag)) continue
    const after = cleaned?.elements.get(tag)
    if (value.kind === 'items') {
      const items = after?.value.kind === 'items' ? after.value.items : []
      const here = `${path}${tagText(tag)}>`
      if (items.length === value.items.length) {
        for (const [i, item] of value.items.entries()) walk(item, items[i], here, datesMoved, found)
      } else if (value.items.some((item) => item.elements.size > 0)) found.push(nameOf(tag, path))
      continue
    }
    if (value.kind === 'bytes' && !mayStand(object, element, after, datesMoved)) found.push(nameOf(tag, path))
  }
}

function mayStand(object: DataSet, element: Element, after: Element | undefined, datesMoved: boolean): boolean {
  const { tag, vr, value } = element
  if (value.kind !== 'bytes' || isBlank(value.bytes)) return true
  if (tag === PATIENT_ID) return isMadeUp(text(object, tag) ?? '')
  if (tag === PATIENT_NAME) return isMadeUpName(texts(object, tag).join(''), text(object, PATIENT_ID))
  if (after?.value.kind === 'bytes' && sameValue(value.bytes, after.value.bytes)) return true
  if (after?.value.kind !== 'bytes' || isBlank(after.value.bytes)) return false
  if (vr === 'UI') return true
  if (DATE_VRS.has(vr)) return datesMoved
  // Numbers that were only written anew; a text that was changed is a text that said too much.
  return vr !== 'PN' && !isText(vr)
}

function isMadeUp(id: string): boolean {
  return PSEUDONYM.test(id) || isPlaceholderId(id)
}

/** `ANON^1f0a...` as this product writes it, the number again, or a placeholder. */
function isMadeUpName(name: string, id: string | undefined): boolean {
  return /^ANON\^[0-9a-f]{6,64}$/i.test(name) || isMadeUp(name) || (id !== undefined && name === id && isMadeUp(id))
}

function isText(vr: string): boolean {
  return ['AE', 'AS', 'CS', 'LO', 'LT', 'SH', 'ST', 'UC', 'UR', 'UT', 'UN'].includes(vr)
}

/** Without padding: the writer of a value decides about the last byte. */
function sameValue(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(withoutPadding(one), withoutPadding(other)) === 0
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0)) end -= 1
  return bytes.subarray(0, end)
}

function isBlank(bytes: Uint8Array): boolean {
  return withoutPadding(bytes).length === 0
}

function nameOf(tag: number, path: string): NamedAttribute {
  const isPrivate = (tag >>> 16) % 2 === 1
  const name = isPrivate ? 'private attribute' : (attributeOf(tag)?.keyword ?? 'unknown attribute')
  return { tag: `${path}${tagText(tag)}`, name }
}

function tagText(tag: number): string {
  const hex = tag.toString(16).padStart(8, '0')
  return `(${hex.slice(0, 4)},${hex.slice(4)})`
}
