import { type DataSet, parsePart10, text, uid } from '../imaging/dataset/index.ts'

/** Whose result it must be, as the record has it. */
export interface ExpectedIdentity {
  readonly studyInstanceUid: string
  readonly patientId: string
  readonly accessionNumber: string
}

/** The attribute in which a result and the record disagree. */
export type IdentityMismatch = 'study-instance-uid' | 'patient-id' | 'accession-number'

/**
 * Reads a finished result object again and holds it against the record. A result on the wrong patient is the worst that
 * this device could do, so the object is judged as it would leave, not as it was meant.
 */
export function findIdentityMismatch(bytes: Uint8Array, expected: ExpectedIdentity): IdentityMismatch | undefined {
  const { dataSet } = parsePart10(bytes)
  if (uid(dataSet, 0x0020000d) !== expected.studyInstanceUid) return 'study-instance-uid'
  if (textOf(dataSet, 0x00100020) !== expected.patientId) return 'patient-id'
  if (textOf(dataSet, 0x00080050) !== expected.accessionNumber) return 'accession-number'
  return undefined
}

function textOf(dataSet: DataSet, tag: number): string {
  return text(dataSet, tag) ?? ''
}
