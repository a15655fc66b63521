import { KEY, type QueryKeys } from './identifiers.ts'

/** What a site decides about priors. */
export interface PriorRule {
  /** Newest studies that are taken; 0 for none. */
  readonly maximum: number
  /** How far back, in days before the current study. */
  readonly withinDays: number
  /** Only studies that hold the modality of the current one. */
  readonly sameModality: boolean
  /** Only studies of the body part of the current one; a study that names none is then not taken. */
  readonly sameBodyPart: boolean
}

/** The study for which priors are looked for. */
export interface CurrentStudy {
  readonly studyInstanceUid: string
  readonly patientId: string
  /** Issuer of Patient ID (0010,0021), or '' where none is known. */
  readonly issuerOfPatientId: string
  /** YYYYMMDD. */
  readonly patientBirthDate: string
  readonly studyDate: string
  readonly modality: string
  readonly bodyPart: string
}

/** A study that an archive named. */
export interface PriorCandidate {
  readonly studyInstanceUid: string
  readonly patientId: string
  readonly issuerOfPatientId: string
  readonly patientBirthDate: string
  readonly studyDate: string
  readonly studyTime: string
  readonly modalities: readonly string[]
  /** Of the study's series; empty when the archive does not say. */
  readonly bodyParts: readonly string[]
}

const DAY_MS = 86_400_000

/**
 * The study level query for the priors of a study, or `undefined` where no safe one can be made: without a patient ID
 * or a date, or with a patient ID that an archive would take for a pattern and answer with other patients.
 */
export function priorQuery(current: CurrentStudy, rule: PriorRule): QueryKeys | undefined {
  const day = dayOf(current.studyDate)
  if (rule.maximum <= 0 || day === undefined) return undefined
  if (current.patientId.trim() === '' || /[*?\\]/.test(current.patientId)) return undefined
  return {
    [KEY.patientId]: current.patientId,
    [KEY.issuerOfPatientId]: '',
    [KEY.patientBirthDate]: '',
    [KEY.studyInstanceUid]: '',
    [KEY.studyDate]: `${dateOf(day - rule.withinDays)}-${current.studyDate}`,
    [KEY.studyTime]: '',
    [KEY.modalitiesInStudy]: rule.sameModality ? current.modality : '',
  }
}

/**
 * Chooses priors, newest first. What an archive answered is not trusted to fit the query: the patient must be the very
 * same (ID, issuer where both name one, birth date where both know it), the date within bounds and not after the
 * current study, and modality and body part as the rule says.
 */
export function choosePriors(
  current: CurrentStudy,
  candidates: readonly PriorCandidate[],
  rule: PriorRule,
): readonly PriorCandidate[] {
  const unique = new Map(candidates.map((candidate) => [candidate.studyInstanceUid, candidate]))
  return [...unique.values()]
    .filter((candidate) => isPrior(current, candidate, rule))
    .sort((a, b) => compare(b, a))
    .slice(0, Math.max(0, rule.maximum))
}

function isPrior(current: CurrentStudy, candidate: PriorCandidate, rule: PriorRule): boolean {
  const day = dayOf(current.studyDate)
  const then = dayOf(candidate.studyDate)
  if (day === undefined || then === undefined || then > day || then < day - rule.withinDays) return false
  if (candidate.studyInstanceUid === current.studyInstanceUid || candidate.studyInstanceUid === '') return false
  if (candidate.patientId !== current.patientId || current.patientId === '') return false
  if (differs(candidate.issuerOfPatientId, current.issuerOfPatientId)) return false
  if (differs(candidate.patientBirthDate, current.patientBirthDate)) return false
  if (rule.sameModality && !candidate.modalities.includes(current.modality)) return false
  const bodyPart = current.bodyPart.toUpperCase()
  return !rule.sameBodyPart || candidate.bodyParts.some((part) => part.toUpperCase() === bodyPart)
}

function compare(a: PriorCandidate, b: PriorCandidate): number {
  const one = `${a.studyDate}${a.studyTime.padEnd(16)}${a.studyInstanceUid}`
  const other = `${b.studyDate}${b.studyTime.padEnd(16)}${b.studyInstanceUid}`
  return one < other ? -1 : one > other ? 1 : 0
}

function differs(one: string, other: string): boolean {
  return one !== '' && other !== '' && one !== other
}

/** Days since 1970 of a DA value (PS3.5 6.2), or `undefined` for none. */
function dayOf(date: string): number | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? []
  if (year === undefined) return undefined
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day))
  return dateOf(ms / DAY_MS) === date ? ms / DAY_MS : undefined
}

function dateOf(day: number): string {
  const ms = Math.max(day * DAY_MS, Date.UTC(1900, 0, 1))
  return new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')
}
