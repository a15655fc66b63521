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
import { type CleaningContext, count, gone, kept, uidFor } from './clean-context.ts'
import { pseudonymOfPatient } from './keys.ts'
import { cleanPrivate } from './private-elements/clean-private.ts'
import { cleanContent } from './structured/clean-content.ts'
import { keptAttribute, type ProfileRow } from './table/index.ts'
import { requiredType } from './table/required-types.ts'
import type { Rule } from './table/rules.ts'
import { cappedAge, DUMMY_TEXT, dummyElement, dummyPatientName, emptyElement, hasValidSyntax } from './values.ts'
import { keptText, replaceUids, shift, unshifted } from './values-kept.ts'

const PATIENT_NAME = 0x00100010
const PATIENT_ID = 0x00100020
const CHARACTER_SET = 0x00080005
const MODALITY = 0x00080060
const PERSON_CODE_SEQUENCE = 0x00401101
const UNFORMATTED_TEXT = 0x00700006

/** Written by the de-identifier itself; what an earlier one wrote is not taken over. */
const OWN_TAGS = new Set([0x00120062, 0x00120063, 0x00120064, 0x00280303])

/** The one character set of every de-identified object (PS3.3 C.12.1.1.2). */
export const UTF_8 = 'ISO_IR 192'

/** UIDs that name definitions and not instances (PS3.15 E.3.9): classes, transfer syntaxes, coding schemes. */
const STRUCTURAL_UIDS = new Set([
  0x00080016, 0x0008001a, 0x0008001b, 0x00080062, 0x0008010c, 0x0008010d, 0x00080117, 0x00080118, 0x00081150,
  0x0008115a, 0x00083002, 0x00340003, 0x30100052, 0x30100053,
])

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
    if (cleaned === undefined) context.attributes.removed.add(element.tag)
    else if (cleaned !== element) context.attributes.changed.add(element.tag)
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
  if (isPrivate(tag)) {
    if (!context.options.has('retain-safe-private')) return gone(context, 'private-removed')
    return cleanPrivate(source, element, context, cleanDataSet)
  }
  const family = tag >>> 24
  // Bitmaps and curves can show text; PS3.15 E.3.3 lets a cleaner take away what it cannot clean.
  if (family === 0x50 || family === 0x60) return gone(context, 'graphics-removed')
  // Groups under 0008 are commands, file meta information and directory records (PS3.5 7.1): no part of an image.
  if (tag < 0x00080000) return gone(context, 'unlisted-removed')
  if (tag === CHARACTER_SET) return undefined
  if (OWN_TAGS.has(tag)) return gone(context, 'removed')
  const rule = context.rules.get(tag)
  if (rule !== undefined) return applyRule(source, element, rule, context, parent)
  if (tag === UNFORMATTED_TEXT) return annotation(source, element, context)
  const attribute = keptAttribute(tag)
  if (attribute === undefined) return gone(context, 'unlisted-removed')
  if (!isExpectedVr(element.vr, attribute.vrs) || isTooLong(element, attribute.mostValues))
    return gone(context, 'invalid-removed')
  return keep(source, element, context)
}

function applyRule(
  source: DataSet,
  element: Element,
  { row, treatment }: Rule,
  context: CleaningContext,
  parent: number,
): Element | undefined {
  const { tag, vr, value } = element
  if (tag === PATIENT_ID || tag === PATIENT_NAME) return pseudonymised(source, tag, context)
  switch (treatment) {
    case 'keep':
      return isExpectedVr(vr, row.vrs) ? keepRow(source, element, context) : gone(context, 'invalid-removed')
    case 'dates':
      return shift(source, element, context) ?? basic(source, element, row, context, parent)
    case 'words':
      return safePart(source, element, row, context) ?? basic(source, element, row, context, parent)
    case 'content':
      return value.kind === 'items'
        ? cleanContent(element, context, cleanDataSet)
        : basic(source, element, row, context, parent)
    case 'items':
      return value.kind === 'items' ? cleanItems(element, context) : basic(source, element, row, context, parent)
    case 'basic':
      return basic(source, element, row, context, parent)
  }
}

/** The action of the Basic Profile. */
function basic(
  source: DataSet,
  element: Element,
  row: ProfileRow,
  context: CleaningContext,
  parent: number,
): Element | undefined {
  switch (basicAction(row, context.sopClassUid, parent)) {
    case 'X':
      return gone(context, 'removed')
    case 'Z':
      count(context, 'emptied')
      return emptyElement(element.tag, standardVr(element, row))
    case 'D':
      return replaced(element, row, context)
    case 'U':
      return row.action === 'U' ? replaceUids(source, element, context) : cleanItems(element, context)
  }
}

/** PS3.15 table E.1-1a: compound actions by the attribute's type in the object's IOD. */
export function basicAction({ action, tag }: ProfileRow, sopClassUid: string, parent: number): 'X' | 'Z' | 'D' | 'U' {
  const type = action.length === 1 ? 3 : requiredType(tag, sopClassUid, parent)
  switch (action) {
    case 'X':
    case 'Z':
    case 'D':
    case 'U':
      return action
    case 'X/Z/U*':
      // Within other sequences these references are what the item is for.
      if (parent !== 0 || type === 1) return 'U'
      return type === 2 ? 'Z' : 'X'
    case 'Z/D':
      return type === 1 ? 'D' : 'Z'
    case 'X/Z':
      return type === 3 ? 'X' : 'Z'
    case 'X/D':
      return type === 3 ? 'X' : 'D'
    case 'X/Z/D':
      return type === 1 ? 'D' : type === 2 ? 'Z' : 'X'
  }
}

/** A row that an option keeps: as `keep`, but dates and UIDs stay what they are. */
function keepRow(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  const { vr, value } = element
  if (value.kind === 'bytes' && (vr === 'DA' || vr === 'DT' || vr === 'TM'))
    return unshifted(source, element, context) ?? gone(context, 'invalid-removed')
  if (value.kind === 'bytes' && vr === 'UI')
    return hasValidSyntax('UI', texts(source, element.tag)) ? kept(element, context) : gone(context, 'invalid-removed')
  return keep(source, element, context)
}

/** An attribute that stays: its value is checked, its dates move, its UIDs are replaced, its items are cleaned. */
function keep(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  const { tag, vr, value } = element
  if (value.kind === 'items') return cleanItems(element, context)
  if (value.kind === 'fragments') return tag === 0x7fe00010 ? kept(element, context) : gone(context, 'invalid-removed')
  if (vr === 'DA' || vr === 'DT') return unlistedDate(source, element, context) ?? gone(context, 'invalid-removed')
  const kind = traitsOf(vr).text
  if (kind === 'none') return vr === 'UN' ? gone(context, 'invalid-removed') : kept(element, context)
  const values = texts(source, tag)
  if (!hasValidSyntax(vr, values)) return gone(context, 'invalid-removed')
  if (vr === 'UI') {
    const stays = STRUCTURAL_UIDS.has(tag) || context.options.has('retain-uids')
    return stays ? kept(element, context) : replaceUids(source, element, context)
  }
  if (vr === 'AS') {
    count(context, 'kept')
    return textElement(tag, vr, ...values.map(cappedAge))
  }
  if (vr === 'DS' || vr === 'IS' || vr === 'TM' || tag === MODALITY) return kept(element, context)
  return keptText(source, element, values, kind === 'charset', context)
}

/** A date of an attribute that the table does not name. */
function unlistedDate(source: DataSet, element: Element, context: CleaningContext): Element | undefined {
  if (context.options.has('retain-modified-dates')) return shift(source, element, context)
  return context.options.has('retain-full-dates') ? unshifted(source, element, context) : undefined
}

/** The safe words of a description; `undefined` where there are none, or where the value is no text. */
function safePart(source: DataSet, element: Element, row: ProfileRow, context: CleaningContext): Element | undefined {
  const { tag, vr, value } = element
  if (value.kind === 'items') return isExpectedVr('SQ', row.vrs) ? cleanItems(element, context) : undefined
  if (value.kind !== 'bytes' || traitsOf(vr).text !== 'charset' || vr === 'PN') return undefined
  const cleaned = texts(source, tag).map((one) => context.words().clean(one))
  if (cleaned.every((one) => one === '')) return undefined
  count(context, 'cleaned')
  return bytesElement(tag, standardVr(element, row), Buffer.from(cleaned.join('\\'), 'utf8'))
}

/** The text of an annotation: a dummy, so that the annotation stays whole (PS3.3 C.10.5, C.10.10), or its safe words. */
function annotation(source: DataSet, element: Element, context: CleaningContext): Element {
  const isCleaned = context.options.has('clean-graphics')
  const stays = isCleaned ? context.words().clean(text(source, element.tag) ?? '') : ''
  count(context, stays === '' ? 'replaced' : 'cleaned')
  return bytesElement(element.tag, 'ST', Buffer.from(stays === '' ? DUMMY_TEXT : stays, 'utf8'))
}

function pseudonymised(source: DataSet, tag: number, context: CleaningContext): Element {
  count(context, 'replaced')
  const id = text(source, PATIENT_ID)
  // Items can name other patients (Other Patient IDs, group members); each keeps a pseudonym of its own.
  const patient = id === undefined ? context.patient : { issuer: context.patient.issuer, id }
  const pseudonym = pseudonymOfPatient(context.keys, id === context.patient.id ? context.patient : patient)
  return tag === PATIENT_ID ? textElement(tag, 'LO', pseudonym) : textElement(tag, 'PN', dummyPatientName(pseudonym))
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
