import {
  bytesElement,
  dataSetOf,
  type Element,
  sequenceElement,
  textElement,
  type Vr,
} from '../imaging/dataset/index.ts'
import { isTime } from './dates.ts'

/** Stands for any replaced text. It tells a reader that something was there, and nothing else. */
export const DUMMY_TEXT = 'ANONYMIZED'

/** Dummy values of the D action (PS3.15 table E.1-1a): non-empty, of the same VR, without meaning. */
const DUMMY_TEXTS: Readonly<Partial<Record<Vr, string>>> = {
  AE: DUMMY_TEXT,
  AS: '000Y',
  CS: DUMMY_TEXT,
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: DUMMY_TEXT,
  LT: DUMMY_TEXT,
  PN: DUMMY_TEXT,
  SH: DUMMY_TEXT,
  ST: DUMMY_TEXT,
  TM: '000000',
  UC: DUMMY_TEXT,
  UR: 'urn:anonymized',
  UT: DUMMY_TEXT,
}

/** An element of this VR with a dummy value. A sequence gets one coded entry (PS3.3 table 8.8-1). */
export function dummyElement(tag: number, vr: Vr): Element {
  if (vr === 'SQ') return sequenceElement(tag, [dataSetOf(codedEntry(DUMMY_TEXT, '99LEADGLASS', DUMMY_TEXT))])
  const text = DUMMY_TEXTS[vr]
  return text === undefined ? bytesElement(tag, vr, new Uint8Array(8)) : textElement(tag, vr, text)
}

/** The name that stands for a patient: never a name, and the same wherever the pseudonym is. */
export function dummyPatientName(pseudonym: string): string {
  return `ANON^${pseudonym.slice(0, 12)}`
}

/** An element of this VR with no value. */
export function emptyElement(tag: number, vr: Vr): Element {
  return vr === 'SQ' ? sequenceElement(tag, []) : bytesElement(tag, vr, new Uint8Array(0))
}

/** Code Value, Coding Scheme Designator and Code Meaning of one coded entry. */
export function codedEntry(value: string, scheme: string, meaning: string): Element[] {
  return [
    textElement(0x00080100, 'SH', value),
    textElement(0x00080102, 'SH', scheme),
    textElement(0x00080104, 'LO', meaning),
  ]
}

/**
 * What a value of each VR may look like (PS3.5 table 6.2-1). A value that breaks this is misuse of the attribute, and
 * misuse is where identities hide. CS also allows lower case, which devices write.
 */
const SYNTAX: Readonly<Partial<Record<Vr, (value: string) => boolean>>> = {
  AS: (value) => /^\d{3}[DWMY]$/.test(value),
  CS: (value) => /^[A-Za-z0-9 _]{1,16}$/.test(value),
  DS: (value) => /^[-+0-9.eE]{1,32}$/.test(value),
  IS: (value) => /^[-+0-9]{1,16}$/.test(value),
  TM: isTime,
  UI: (value) => /^[0-9.]{1,64}$/.test(value),
}

/** True when every value of an element is empty or of the form that its VR asks for. VRs of free form always are. */
export function hasValidSyntax(vr: Vr, values: readonly string[]): boolean {
  const valid = SYNTAX[vr]
  return valid === undefined || values.every((value) => value === '' || valid(value))
}

const DAYS_PER_YEAR = 365.25
const YEARS_PER_UNIT: Readonly<Record<string, number>> = { Y: 1, M: 1 / 12, W: 7 / DAYS_PER_YEAR, D: 1 / DAYS_PER_YEAR }

/** Years of an AS value, not rounded; `undefined` when it is no age. */
export function yearsOf(age: string): number | undefined {
  const parts = /^(\d{3})([DWMY])$/.exec(age)
  const unit = YEARS_PER_UNIT[parts?.[2] ?? '']
  return unit === undefined ? undefined : Number(parts?.[1]) * unit
}

/** An age with everything above 89 years made 90 (45 CFR 164.514(b)(2)(i)(C)). */
export function cappedAge(age: string): string {
  return (yearsOf(age) ?? 0) > 89 ? '090Y' : age
}
