import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { StudyDetail } from '@leadglass/ui/contract/local-api'
import type { Records, StudyRow } from '../records/index.ts'

/** A study's detail with what was corrected of it, what it was received as, and which labels still count. */
export function withCorrections(
  { corrections }: Pick<Records, 'corrections'>,
  { studyId, revision }: StudyRow,
  detail: StudyDetail,
): StudyDetail {
  const like = new Set([revision, ...corrections.revisionsLike(studyId, revision)])
  const newest = corrections.newestRevision(studyId)
  const members = newest === undefined ? [] : corrections.members(newest.revisionId)
  const [received, inForce] = [corrections.received(studyId), corrections.inForce(studyId)]
  const differs =
    received !== undefined &&
    (['patientId', 'patientName', 'accessionNumber', 'patientIssuer'] as const).some(
      (name) => received[name] !== inForce?.[name],
    )
  return {
    ...detail,
    labels: detail.labels.map((label) => ({ ...label, counts: like.has(label.revision) })),
    corrections: corrections.corrections(studyId).map((row) => ({
      revision: row.revision,
      cause: row.cause,
      by: row.actor,
      reason: row.reason,
      at: toIsoInstant(row.correctedAt),
    })),
    withdrawn: members.flatMap(({ sopInstanceUid, withdrawn }) =>
      withdrawn === null ? [] : [{ sopInstanceUid, reason: withdrawn }],
    ),
    ...(differs
      ? {
          received: {
            patientId: received.patientId,
            patientName: received.patientName,
            accessionNumber: received.accessionNumber,
          },
        }
      : {}),
  }
}
