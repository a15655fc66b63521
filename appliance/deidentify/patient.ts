import { type DataSet, text } from '../imaging/dataset/index.ts'
import type { PatientIdentity } from './keys.ts'

const PATIENT_ID = 0x00100020
const ISSUER_OF_PATIENT_ID = 0x00100021

/** Issuers of identities that exist in one study only; no real issuer has a control character. */
const STUDY_SCOPE = '\u0001study'

/** What is typed in where nobody knows the patient: shared by people who have nothing to do with each other. */
const PLACEHOLDER =
  /^(?:[0x?._-]+|unknown|unk|none|null|n\/?a|anonymous|anonymized|no[ _-]?name|not available|emergency)$/i

/**
 * Whom an object is about. An object without Patient ID, or with a placeholder for it, stands for a patient of its own study, so that two such
 * patients never become one.
 * @param defaultIssuer the site's issuer, for objects that name none.
 * @returns `undefined` when neither the patient nor the study has an identifier.
 */
export function patientOf(
  dataSet: DataSet,
  studyInstanceUid: string | undefined,
  defaultIssuer: string,
): PatientIdentity | undefined {
  const id = text(dataSet, PATIENT_ID)
  if (id !== undefined && !PLACEHOLDER.test(id))
    return { issuer: text(dataSet, ISSUER_OF_PATIENT_ID) ?? defaultIssuer, id }
  return studyInstanceUid === undefined ? undefined : { issuer: STUDY_SCOPE, id: studyInstanceUid }
}
