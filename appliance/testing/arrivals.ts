import type { Arrival } from '../records/index.ts'

/** An arrival as the journal registers it, of a made-up study, for tests of what comes after the intake. */
export function arrivalOf(
  sopInstanceUid: string,
  change: Partial<Omit<Arrival, 'sopInstanceUid' | 'header'>> & {
    readonly study?: string
    readonly studyPseudonym?: string
    readonly modality?: string
  } = {},
): Arrival {
  const { study = '1.2.3', studyPseudonym, modality = 'CR', ...facts } = change
  const name = Buffer.from(study).toString('hex').padEnd(32, '0').slice(0, 32)
  return {
    sopInstanceUid,
    digest: Buffer.from(sopInstanceUid).toString('hex').padEnd(64, '0').slice(0, 64),
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    bytes: 1,
    callingAeTitle: 'CT1',
    remoteAddress: '127.0.0.1',
    associationId: 'association',
    receivedAt: 0,
    ...facts,
    header: {
      kind: 'read',
      study: {
        studyInstanceUid: study,
        studyPseudonym: studyPseudonym ?? name,
        patientPseudonym: name,
        patientId: 'P1',
        patientName: '',
        patientBirthDate: '19700101',
        patientSex: '',
        accessionNumber: '',
        studyDate: '20260401',
        studyTime: '',
        studyDescription: '',
      },
      seriesInstanceUid: `${study}.1`,
      modality,
      urgent: false,
    },
  }
}
