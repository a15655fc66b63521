import { type DataSet, text } from '../imaging/dataset/index.ts'
import type { PatientIdentity } from './keys.ts'

const PATIENT_ID = 0x00100020
const ISSUER_OF_PATIENT_ID = 0x00100021

/** Issuers of identities that exist in one study only; no real issuer has a control character. */
const STUDY_SCOPE = '\u0001study'

/** What is typed in where nobody knows the patient: shared by people who have nothing to do with each other. */
const PLACEHOLDER =
  /^(?:[0x?._-]+|unknown|unk|none|null|n\/?a|anonymous|anonymized|no[ _-]?name|not available|emergency)$/i

/** True when a Patient ID stands for nobody in particular. */
export function isPlaceholderId(id: string): boolean {
  return id.trim() === '' || PLACEHOLDER.test(id.trim())
}

/** Under whom an object goes instead of whom it names, after a merge. An `issuer` of null leaves the object's own. */
export interface SurvivingPatient {
  readonly id: string
  readonly issuer: string | null
}

/**
 * Whom an object is about. An object without Patient ID, or with a placeholder for it, stands for a patient of its own study, so that two such
 * patients never become one.
 * @param defaultIssuer the site's issuer, for objects that name none.
 * @param survivor the patient into whom this one was merged, if so.
 * @returns `undefined` when neither the patient nor the study has an identifier.
 */
export function patientOf(
  dataSet: DataSet,
  studyInstanceUid: string | undefined,
  defaultIssuer: string,
  survivor?: SurvivingPatient,
): PatientIdentity | undefined {
  if (survivor !== undefined) {
    return { issuer: survivor.issuer ?? text(dataSet, ISSUER_OF_PATIENT_ID) ?? defaultIssuer, id: survivor.id }
  }
  const id = text(dataSet, PATIENT_ID)
  if (id !== undefined && !PLACEHOLDER.test(id))
    return { issuer: text(dataSet, ISSUER_OF_PATIENT_ID) ?? defaultIssuer, id }
  return studyInstanceUid === undefined ? undefined : { issuer: STUDY_SCOPE, id: studyInstanceUid }
}
