import type { HubAudit } from '../audit/index.ts'
import type { ErasureReport } from './erasure-record.ts'

/** Writes an erasure into the hub's log. The log is never erased, so the pseudonym is not in it: the record's own id is. */
export function recordErasure(audit: Pick<HubAudit, 'record'>, report: ErasureReport): void {
  const { erasure, requestedBy, envelopes, filesBefore, snapshots } = report
  audit.record({
    event: 'lake.erased',
    actor: { kind: 'person', id: requestedBy },
    subject: { kind: 'dataset', id: erasure },
    outcome: 'success',
    codes: [`envelopes-${envelopes}`, `files-${filesBefore}`, `snapshots-${snapshots.length}`],
  })
}
