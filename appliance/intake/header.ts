import { type DataSet, DataSetError, parseDataSet, sequence, text, texts, uid } from '../imaging/dataset/index.ts'
import type { Arrival, StudyIdentity } from '../records/index.ts'

/** Gives the keyed pseudonyms of a study and its patient. */
export interface Naming {
  studyPseudonym(studyInstanceUid: string): string
  patientPseudonym(dataSet: DataSet, studyInstanceUid: string): string
}

type Header = Arrival['header']

const STUDY_INSTANCE_UID = 0x0020000d

/**
 * Reads from a data set what the journal needs: to which study it belongs and whose it is.
 * @param bytes the data set, or its beginning when `whole` is false.
 * @returns `more` when the beginning did not hold the Study Instance UID and the rest must be looked at.
 */
export function readHeader(
  bytes: Uint8Array,
  facts: { readonly transferSyntaxUid: string; readonly sopInstanceUid: string; readonly whole: boolean },
  naming: Naming,
): Header | { readonly kind: 'more' } {
  let dataSet: DataSet
  try {
    dataSet = parseDataSet(bytes, facts.transferSyntaxUid).dataSet
  } catch (cause) {
    if (!facts.whole) return { kind: 'more' }
    return { kind: 'unusable', reason: cause instanceof DataSetError ? `unreadable.${cause.code}` : 'unreadable' }
  }
  const studyInstanceUid = uid(dataSet, STUDY_INSTANCE_UID)
  if (studyInstanceUid === undefined) {
    return facts.whole ? { kind: 'unusable', reason: 'no-study-instance-uid' } : { kind: 'more' }
  }
  // PS3.5 9.1: at most 64 characters of digits and dots.
  if (!/^[0-9.]{1,64}$/.test(studyInstanceUid)) return { kind: 'unusable', reason: 'study-instance-uid-malformed' }
  // PS3.7 9.1.1.1.8: the UID in the command is that of the instance. Two names for one object are never guessed about.
  const own = uid(dataSet, 0x00080018)
  if (own !== undefined && own !== facts.sopInstanceUid)
    return { kind: 'unusable', reason: 'sop-instance-uid-mismatch' }
  return {
    kind: 'read',
    study: identityOf(dataSet, studyInstanceUid, naming),
    seriesInstanceUid: uid(dataSet, 0x0020000e) ?? '',
    modality: texts(dataSet, 0x00080060)[0] ?? '',
    urgent: isUrgent(dataSet),
  }
}

/** Requested Procedure Priority (0040,1003), at the top or in the Request Attributes Sequence. */
function isUrgent(dataSet: DataSet): boolean {
  const places = [dataSet, ...sequence(dataSet, 0x00400275)]
  return places.some((place) => ['STAT', 'HIGH'].includes(text(place, 0x00401003)?.toUpperCase() ?? ''))
}

function identityOf(dataSet: DataSet, studyInstanceUid: string, naming: Naming): StudyIdentity {
  return {
    studyInstanceUid,
    studyPseudonym: naming.studyPseudonym(studyInstanceUid),
    patientPseudonym: naming.patientPseudonym(dataSet, studyInstanceUid),
    patientId: text(dataSet, 0x00100020) ?? '',
    patientIssuer: text(dataSet, 0x00100021) ?? '',
    patientName: text(dataSet, 0x00100010) ?? '',
    patientBirthDate: text(dataSet, 0x00100030) ?? '',
    patientSex: text(dataSet, 0x00100040) ?? '',
    accessionNumber: text(dataSet, 0x00080050) ?? '',
    studyDate: text(dataSet, 0x00080020) ?? '',
    studyTime: text(dataSet, 0x00080030) ?? '',
    studyDescription: text(dataSet, 0x00081030) ?? '',
  }
}
