import { type DataSet, type Element, parsePart10, text, texts } from '../imaging/dataset/index.ts'
import { rowOf } from './table/index.ts'

/**
 * What identifies the people and places of one object. It is PHI itself: it lives in memory while an object is cleaned
 * and verified, and goes into no log, message or result.
 */
export interface StudyIdentifiers {
  /** Parts of person names, as written. */
  readonly names: readonly string[]
  /** Numbers and codes: patient, accession, admission, orders, devices, trial subjects. */
  readonly ids: readonly string[]
  /** Birth dates, YYYYMMDD. */
  readonly birthDates: readonly string[]
  /** Original UIDs that the profile replaces. */
  readonly uids: readonly string[]
  /** Institutions, addresses, telephone numbers: matched as a whole. */
  readonly places: readonly string[]
  /** The bytes of names, ids and places that are not ASCII, as they stood in the object. */
  readonly raw: readonly Uint8Array[]
}

/** Tokens shorter than this match everywhere and identify nobody; names in ideographs and kana have two characters. */
const SHORTEST_TOKEN = 3
const SHORTEST_IDEOGRAPHIC = 2
const IDEOGRAPHIC = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u

/**
 * Words that stand in de-identified objects on purpose (our own constants, defined terms, code meanings) or that
 * people without a name are given. A patient who is really called so is found by the other identifiers.
 */
const COMMON = new Set(
  (
    'abdomen angio anonymized anonymised anonymous application axial basic body brain breast chest computed confidentiality ' +
    'coronal customer default deidentified demo derived dicom elbow enhanced explicit female foot hand head head2 hospital ' +
    'hip image implicit knee leg leadglass level little local lung male modified monochrome1 monochrome2 name nema neck ' +
    'none null original other palette patient pelvis phantom physician primary profile radiology retain secondary series ' +
    'shoulder sagittal skull spine standard study test testing thorax unknown unspecified user volume with dates ' +
    'characteristics longitudinal information'
  ).split(' '),
)

/** True for a token that is too short or too common to tell anything. */
export function isCommonToken(token: string): boolean {
  const plain = token.trim().toLowerCase()
  const shortest = IDEOGRAPHIC.test(plain) ? SHORTEST_IDEOGRAPHIC : SHORTEST_TOKEN
  return plain.length < shortest || COMMON.has(plain) || /^(.)\1*$/.test(plain)
}

const ID_TAGS = new Set([
  0x00080050, 0x00081000, 0x00081010, 0x00100020, 0x00101000, 0x00101090, 0x00120040, 0x00120042, 0x00181000,
  0x00200010, 0x00380010, 0x00380060, 0x00400009, 0x00400253, 0x00401001, 0x00402016, 0x00402017,
])

const PLACE_TAGS = new Set([
  0x00080080, 0x00080081, 0x00080092, 0x00080094, 0x00081040, 0x00101040, 0x00102154, 0x00380300, 0x00400243,
  0x00401102, 0x00401103,
])

const BIRTH_DATE = 0x00100030

/** More identifiers than this in one object are no identifiers but an attack on the time that searching takes. */
export const MOST_IDENTIFIERS = 5000

/** How many things there are to search for. UIDs do not count: those are looked up and not searched for. */
export function identifierCount({ names, ids, birthDates, places, raw }: StudyIdentifiers): number {
  return names.length + ids.length + birthDates.length + places.length + raw.length
}

type IsKept = (tag: number) => boolean

interface Collected {
  names: Set<string>
  ids: Set<string>
  birthDates: Set<string>
  uids: Set<string>
  places: Set<string>
  raw: Map<string, Uint8Array>
}

/**
 * Collects the identifiers of a DICOM object, in all nested and private sequences too.
 * @throws DataSetError when the bytes are no data set.
 */
export function identifiersOf(file: Uint8Array): StudyIdentifiers {
  return identifiersIn(parsePart10(file).dataSet)
}

/**
 * `identifiersOf` for an object that is already parsed.
 * @param isKept true for the tags of attributes that an option keeps as they are: those identify nothing here.
 */
export function identifiersIn(dataSet: DataSet, isKept: IsKept = () => false): StudyIdentifiers {
  const collected: Collected = {
    names: new Set(),
    ids: new Set(),
    birthDates: new Set(),
    uids: new Set(),
    places: new Set(),
    raw: new Map(),
  }
  collect(dataSet, isKept, collected)
  return {
    names: [...collected.names],
    ids: [...collected.ids],
    birthDates: [...collected.birthDates],
    uids: [...collected.uids],
    places: [...collected.places],
    raw: [...collected.raw.values()],
  }
}

function collect(dataSet: DataSet, isKept: IsKept, into: Collected): void {
  for (const element of dataSet.elements.values()) {
    if (element.value.kind === 'items') for (const item of element.value.items) collect(item, isKept, into)
    else if (element.value.kind === 'bytes' && !isKept(element.tag))
      collectElement(dataSet, element, element.value.bytes, into)
  }
}

function collectElement(dataSet: DataSet, element: Element, bytes: Uint8Array, into: Collected): void {
  const { tag, vr } = element
  if (vr === 'PN') {
    for (const name of texts(dataSet, tag)) addName(name, into)
    addRaw(bytes, /[\\^= ]/, into)
  } else if (vr === 'UI') {
    if (rowOf(tag)?.action === 'U') for (const uid of texts(dataSet, tag)) if (uid.length > 8) into.uids.add(uid)
  } else if (ID_TAGS.has(tag)) {
    for (const id of texts(dataSet, tag)) if (!isCommonToken(id)) into.ids.add(id)
    addRaw(bytes, /\\/, into)
  } else if (PLACE_TAGS.has(tag)) {
    for (const place of texts(dataSet, tag)) if (!isCommonToken(place)) into.places.add(place)
    addRaw(bytes, /\\/, into)
  } else if (tag === BIRTH_DATE) {
    const date = text(dataSet, tag)?.replaceAll('.', '')
    if (date !== undefined && /^\d{8}$/.test(date)) into.birthDates.add(date)
  }
}

/** PS3.5 6.2.1: component groups by `=`, components by `^`; within a component the parts of a name by blanks. */
function addName(name: string, into: Collected): void {
  for (const part of name.split(/[\^=\s,;()]+/)) if (!isCommonToken(part)) into.names.add(part)
}

/** Keeps the encoded parts that hold bytes outside printable ASCII (escape sequences count). */
function addRaw(bytes: Uint8Array, separators: RegExp, into: Collected): void {
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return
  for (const part of Buffer.from(bytes).toString('latin1').split(separators)) {
    const trimmed = part.replace(/[\0 ]+$/, '')
    if (trimmed.length >= 4 && /[^\x20-\x7e]/.test(trimmed)) into.raw.set(trimmed, Buffer.from(trimmed, 'latin1'))
  }
}
