import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import { IntakeRecords } from '../../records/intake-records.ts'
import { MIGRATIONS } from '../../records/migrations/index.ts'
import { CR_IMAGE_STORAGE, instanceUid, type MadeObject, studyUid } from './objects.ts'

/** A database with the schema of the records in which the given objects have arrived. */
export function heldStudies(objects: readonly MadeObject[]) {
  const database = openDatabase({ path: ':memory:', migrations: MIGRATIONS })
  const intake = new IntakeRecords(database)
  database.transaction(() => {
    for (const [at, made] of objects.entries()) {
      const registered = intake.register({
        sopInstanceUid: instanceUid(made),
        digest: `digest-${at}`,
        sopClassUid: CR_IMAGE_STORAGE,
        transferSyntaxUid: '1.2.840.10008.1.2.1',
        bytes: 1000,
        callingAeTitle: 'MODALITY',
        remoteAddress: '127.0.0.1',
        associationId: 'a',
        receivedAt: 1000 + at,
        header: {
          kind: 'read',
          study: {
            studyInstanceUid: studyUid(made),
            studyPseudonym: `study-${made.study}`,
            patientPseudonym: `patient-${made.patient}`,
            patientId: `P${made.patient}`,
            patientName: made.patient === 7 ? 'MÜLLER^ÄNNE' : `TEST^PATIENT${made.patient}`,
            patientBirthDate: '19700101',
            patientSex: 'O',
            accessionNumber: `A${made.study}`,
            studyDate: made.studyDate ?? '20260102',
            studyTime: '101500',
            studyDescription: 'CHEST PA',
          },
          seriesInstanceUid: `${studyUid(made)}.${made.series}`,
          modality: 'CR',
          urgent: false,
        },
      })
      if (registered.kind !== 'added') throw new Error(`not added: ${registered.kind}`)
    }
  })()
  return database
}
