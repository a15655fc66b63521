import {
  bytesElement,
  type DataSet,
  type Element,
  isPrivate,
  text,
  textElement,
  texts,
  traitsOf,
  type Vr,
} from '../imaging/dataset/index.ts'
import { shiftDate, shiftDateTime } from './dates.ts'
import { type PatientIdentity, pseudonymOfPatient, pseudonymOfUid, type SiteKeys } from './keys.ts'
import { keptAttribute, type ProfileRow, rowOf } from './table/index.ts'
import { requiredType } from './table/required-types.ts'
import type { TokenMatcher } from './token-matcher.ts'
import { cappedAge, DUMMY_TEXT, dummyElement, dummyPatientName, emptyElement, hasValidSyntax } from './values.ts'

/** What happened to an element. Counted per object; never with a tag or a value beside it. */
export type ActionCode =
  | 'kept'
  | 'removed'
  | 'emptied'
  | 'replaced'
  | 'uid-replaced'
  | 'date-shifted'
  | 'private-removed'
  | 'graphics-removed'
  | 'unlisted-removed'
  | 'invalid-removed'
  | 'identifier-emptied'

/** What cleaning one object needs to know. */
export interface CleaningContext {
  readonly keys: SiteKeys
  readonly patient: PatientIdentity
  readonly offsetDays: number
  readonly sopClassUid: string
  readonly identifiers: TokenMatcher
  readonly uidCache: Map<string, string>
  readonly actions: Map<ActionCode, number>
}

/** Modified Dates and Patient Characteristics: the options in force (CID 7050). */
const MODIFIED_DATES = '113107'
const PATIENT_CHARACTERISTICS = '113108'

const PATIENT_NAME = 0x00100010
const PATIENT_ID = 0x00100020
const CHARACTER_SET = 0x00080005
const MODALITY = 0x00080060
const PERSON_CODE_SEQUENCE = 0x00401101

/** Written by the de-identifier itself; what an earlier one wrote is not taken over. */
const OWN_TAGS = new Set([0x00120062, 0x00120063, 0x00120064, 0x00280303])

/** The one character set of every de-identified object (PS3.3 C.12.1.1.2). */
export const UTF_8 = 'ISO_IR 192'

/** UIDs that name definitions and not instances (PS3.15 E.3.9): classes, transfer syntaxes, coding schemes. */
const STRUCTURAL_UIDS = new Set([
  0x00080016, 0x0008001a, 0x0008001b, 0x00080062, 0x0008010c, 0x0008010d, 0x00080117, 0x00080118, 0x00081150,
  0x0008115a, 0x00083002, 0x00340003, 0x30100052, 0x30100053,
])

/** Instances that PS3.6 annex A itself defines: frames of reference, palettes, storage commitment and the like. */
const WELL_KNOWN_INSTANCE =
  /^1\.2\.840\.10008\.1\.(?:4\.[12]\.\d{1,2}|5\.\d{1,2}|20\.[12](?:\.1)?|40(?:\.1)?|42(?:\.1)?)$/

/** VRs whose length the value multiplicity bounds. */
const COUNTED_VRS: ReadonlySet<Vr> = new Set<Vr>(['AT', 'FD', 'FL', 'SL', 'SS', 'SV', 'UL', 'US', 'UV'])

/** VRs of which writers take one for the other; each value is checked by its own VR all the same. */
const INTERCHANGEABLE: readonly (readonly string[])[] = [
  ['US', 'SS', 'OW', 'OB'],
  ['DS', 'IS'],
  ['UL', 'SL'],
  ['SH', 'LO'],
]

/**
 * A copy of a data set under the profile. Values that stay are the same views; nothing that is not understood stays.
 * @param parent tag of the sequence that holds the data set, 0 at the top.
 */
export function cleanDataSet(source: DataSet, context: CleaningContext, parent = 0): DataSet {
  const elements = new Map<number, Element>()
  for (const element of source.elements.values()) {
    const cleaned = cleanElement(source, element, context, parent)
    if (cleaned !== undefined) elements.set(element.tag, cleaned)
  }
  return { elements, characterSets: [UTF_8] }
}

function cleanElement(
  source: DataSet,
  element: Element,
  context: CleaningContext,
  parent: number,
): Element | undefined {
  const { tag } = element
  if (isPrivate(tag)) return gone(context, 'private-removed')
  const family = tag >>> 24
  if (family === 0x50 || family === 0x60) return gone(context, 'graphics-removed')
  // Groups under 0008 are commands, file meta information and directory records (PS3.5 7.1): no part of an image.
  if (tag < 0x00080000) return gone(context, 'unlisted-removed')
  if (tag === CHARACTER_SET) return undefined
  if (OWN_TAGS.has(tag)) return gone(context, 'removed')
  const row = rowOf(tag)
  if (row !== undefined) return applyRow(source, element, row, context, parent)
  const attribute = keptAttribute(tag)
  if (attribute === undefined) return gone(context, 'unlisted-removed')
  if (!isExpectedVr(element.vr, attribute.vrs) || isTooLong(element, attribute.mostValues))
    return gone(context, 'invalid-removed')
  return keep(source, element, context)
}

function applyRow(
  source: DataSet,
  element: Element,
  row: ProfileRow,
  context: CleaningContext,
  parent: number,
): Element | undefined {
  const { tag, vr } = element
  if (tag === PATIENT_ID || tag === PATIENT_NAME) return pseudonymised(source, tag, context)
  if (row.options.get(PATIENT_CHARACTERISTICS) === 'K')
    return isExpectedVr(vr, row.vrs) ? keep(source, element, context) : gone(context, 'invalid-removed')
  if (row.options.get(MODIFIED_DATES) === 'C') {
    const shifted = shift(source, element, context)
    if (shifted !== undefined) return shifted
  }
  switch (resolve(row, context, parent)) {
    case 'X':
      return gone(context, 'removed')
    case 'Z':
      count(context, 'emptied')
      return emptyElement(tag, standardVr(element, row))
    case 'D':
      return replaced(element, row, context)
    case 'U':
      return row.action === 'U' ? replaceUids(source, element, context) : cleanItems(element, context)
  }
}

/** PS3.15 table E.1-1a: compound actions by the attribute's type in the object's IOD. */
function resolve(row: ProfileRow, context: CleaningContext, parent: number): 'X' | 'Z' | 'D' | 'U' {
  switch (row.action) {
    case 'X':
    case 'Z':
    case 'D':
    case 'U':
      return row.action
    case 'X/Z/U*':
      // At the top these references are type 3; within other sequences they are what the item is for.
      return parent === 0 ? 'X' : 'U'
    case 'Z/D':
      return requiredType(row.tag, context.sopClassUid) === 1 ? 'D' : 'Z'
    case 'X/Z':
      return requiredType(row.tag, context.sopClassUid) === 3 ? 'X' : 'Z'
    case 'X/D':
      return requiredType(row.tag, context.sopClassUid) === 3 ? 'X' : 'D'
    case 'X/Z/D': {
      const type = requiredType(row.tag, context.sopClassUid)
      return type === 1 ? 'D' : type === 2 ? 'Z' : 'X'
    }
  }
}

/** An attribute that stays: its value is checked, its dates move, its UIDs are replaced, its items are cleaned. */
function keep(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  const { tag, vr, value } = element
  if (value.kind === 'items') return cleanItems(element, context)
  if (value.kind === 'fragments') return tag === 0x7fe00010 ? kept(element, context) : gone(context, 'invalid-removed')
  if (vr === 'DA' || vr === 'DT') return shift(source, element, context) ?? gone(context, 'invalid-removed')
  if (traitsOf(vr).text === 'none') return vr === 'UN' ? gone(context, 'invalid-removed') : kept(element, context)
  const values = texts(source, tag)
  if (!hasValidSyntax(vr, values)) return gone(context, 'invalid-removed')
  if (vr === 'UI') return STRUCTURAL_UIDS.has(tag) ? kept(element, context) : replaceUids(source, element, context)
  if (vr === 'AS') {
    count(context, 'kept')
    return textElement(tag, vr, ...values.map(cappedAge))
  }
  const checked = vr !== 'DS' && vr !== 'IS' && vr !== 'TM' && tag !== MODALITY
  if (checked && context.identifiers.matches(values.join('\\'))) return withoutIdentifiers(element, values, context)
  return traitsOf(vr).text === 'charset' ? inUtf8(source, element, context) : kept(element, context)
}

/**
 * Of several values only those that hold an identifier go, so that an image type keeps its kind. A code string becomes a
 * dummy, since others count its values by position (PS3.3 C.7.6.1.1.2).
 */
function withoutIdentifiers(element: Element, values: readonly string[], context: CleaningContext): Element {
  count(context, 'identifier-emptied')
  const { tag, vr } = element
  const dummy = vr === 'CS' ? DUMMY_TEXT : ''
  const cleaned = values.map((value) => (context.identifiers.matches(value) ? dummy : value))
  // An identifier that reaches over a backslash is in none of the values alone.
  if (values.length < 2 || context.identifiers.matches(cleaned.join('\\'))) return emptyElement(tag, vr)
  return bytesElement(tag, vr, Buffer.from(cleaned.join('\\'), 'utf8'))
}

/** Text of another character set is written in UTF-8, in which the whole output is; ASCII stays the same view. */
function inUtf8(source: DataSet, element: Element, context: CleaningContext): Element {
  const { tag, vr, value } = element
  if (value.kind !== 'bytes' || value.bytes.every((byte) => byte < 0x80 && byte !== 0x1b)) return kept(element, context)
  count(context, 'kept')
  return { tag, vr, value: { ...value, bytes: Buffer.from(text(source, tag) ?? '', 'utf8') } }
}

function pseudonymised(source: DataSet, tag: number, context: CleaningContext): Element {
  count(context, 'replaced')
  const id = text(source, PATIENT_ID)
  // Items can name other patients (Other Patient IDs, group members); each keeps a pseudonym of its own.
  const patient = id === undefined ? context.patient : { issuer: context.patient.issuer, id }
  const pseudonym = pseudonymOfPatient(context.keys, id === context.patient.id ? context.patient : patient)
  return tag === PATIENT_ID ? textElement(tag, 'LO', pseudonym) : textElement(tag, 'PN', dummyPatientName(pseudonym))
}

/** The element with its dates moved; times stay (whole days only). `undefined` when a value is no date or time. */
function shift(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  const { tag, vr } = element
  if (vr !== 'DA' && vr !== 'DT' && vr !== 'TM') return undefined
  const values = texts(source, tag)
  if (vr === 'TM') return hasValidSyntax('TM', values) ? kept(element, context) : undefined
  const move = vr === 'DA' ? shiftDate : shiftDateTime
  const moved: string[] = []
  for (const value of values) {
    const result = value === '' ? '' : move(value, context.offsetDays)
    if (result === undefined) return undefined
    moved.push(result)
  }
  count(context, 'date-shifted')
  return textElement(tag, vr, ...moved)
}

function replaced(element: Element, row: ProfileRow, context: CleaningContext): Element {
  const { tag, value } = element
  // The codes of a person are the identity itself; other sequences keep their structure, cleaned.
  if (value.kind === 'items' && tag !== PERSON_CODE_SEQUENCE) return cleanItems(element, context)
  count(context, 'replaced')
  const vr = standardVr(element, row)
  return vr === 'UI' ? textElement(tag, 'UI', uidFor('', context)) : dummyElement(tag, vr)
}

function cleanItems(element: Element, context: CleaningContext): Element {
  count(context, 'kept')
  if (element.value.kind !== 'items') return emptyElement(element.tag, 'SQ')
  const items = element.value.items.map((item) => cleanDataSet(item, context, element.tag))
  return { tag: element.tag, vr: 'SQ', value: { kind: 'items', items } }
}

function replaceUids(source: DataSet, element: Element, context: CleaningContext): Element {
  const values = element.vr === 'UI' ? texts(source, element.tag) : ['']
  count(context, 'uid-replaced')
  return textElement(element.tag, 'UI', ...values.map((uid) => (uid === '' ? '' : uidFor(uid, context))))
}

function uidFor(uid: string, context: CleaningContext): string {
  if (WELL_KNOWN_INSTANCE.test(uid)) return uid
  const known = context.uidCache.get(uid)
  if (known !== undefined) return known
  const pseudonym = pseudonymOfUid(context.keys, uid)
  context.uidCache.set(uid, pseudonym)
  return pseudonym
}

function isExpectedVr(vr: Vr, expected: readonly string[]): boolean {
  if (expected.includes(vr)) return true
  return INTERCHANGEABLE.some((set) => set.includes(vr) && expected.some((one) => set.includes(one)))
}

/** Binary numbers beyond the value multiplicity are no numbers. The VRs for bulk data have a multiplicity of 1. */
function isTooLong({ vr, value }: Element, mostValues: number): boolean {
  if (value.kind !== 'bytes' || !COUNTED_VRS.has(vr)) return false
  const bytesPerValue = vr === 'AT' ? 4 : traitsOf(vr).unit
  return value.bytes.length > mostValues * bytesPerValue
}

/** What a replaced value is written as: the element's own VR where the standard allows it, else the standard's. */
function standardVr(element: Element, row: ProfileRow): Vr {
  if (row.vrs.includes(element.vr)) return element.vr
  return (row.vrs[0] ?? 'UN') as Vr
}

function kept(element: Element, context: CleaningContext): Element {
  count(context, 'kept')
  return element
}

function gone(context: CleaningContext, code: ActionCode): undefined {
  count(context, code)
  return undefined
}

function count(context: CleaningContext, code: ActionCode): void {
  context.actions.set(code, (context.actions.get(code) ?? 0) + 1)
}
