import type { AuditSink } from './egress/index.ts'
import type { RecoveryReport } from './intake/index.ts'

const PROCESS = { kind: 'system', id: 'process' } as const

/** Says what a start found unfinished; a start that found nothing is no event. */
export function recordRecovery(report: RecoveryReport, audit: AuditSink): void {
  if (report.requeued === 0 && report.unfinished === 0 && report.missing === 0) return
  const codes = [`requeued-${report.requeued}`, `unfinished-${report.unfinished}`, `missing-${report.missing}`]
  const outcome = report.missing === 0 ? 'success' : 'failure'
  audit.recordNow({ event: 'process.recovered', actor: PROCESS, subject: null, outcome, codes })
}
