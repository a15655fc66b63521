import type { AuditDetail } from '@leadglass/sync-agent/audit-log'
import type { Records, StudyRow } from '../records/index.ts'

/** Who a study is of: the detail to which an event about it commits. */
export function identityDetail(records: Pick<Records, 'details'>, study: StudyRow): AuditDetail {
  return {
    studyInstanceUid: records.details.studyInstanceUid(study.studyId),
    patientId: study.patientId,
    patientName: study.patientName,
    accessionNumber: study.accessionNumber,
  }
}
