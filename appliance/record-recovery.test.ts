import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { expect, it } from 'vitest'
import { recordRecovery } from './record-recovery.ts'

it('says what a start found unfinished, and that something is missing; a start that found nothing says nothing', () => {
  const events: AuditEventInput[] = []
  const audit = { record: () => undefined, recordNow: (event: AuditEventInput) => void events.push(event) }
  const report = { requeued: 0, unfinished: 0, missing: 0 } as Parameters<typeof recordRecovery>[0]
  recordRecovery(report, audit)
  recordRecovery({ ...report, requeued: 2 }, audit)
  recordRecovery({ ...report, missing: 1 }, audit)
  expect(events.map(({ event, outcome, codes }) => [event, outcome, ...(codes ?? [])])).toEqual([
    ['process.recovered', 'success', 'requeued-2', 'unfinished-0', 'missing-0'],
    ['process.recovered', 'failure', 'requeued-0', 'unfinished-0', 'missing-1'],
  ])
})
