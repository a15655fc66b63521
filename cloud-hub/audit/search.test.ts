import { AuditLog, MemoryLogStore } from '@leadglass/sync-agent/audit-log'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { describe, expect, it } from 'vitest'
import { searchLog } from './search.ts'

describe('search in a log', () => {
  const log = new AuditLog({ origin: 'leadglass/hub/audit', store: new MemoryLogStore(), clock: new ManualClock(0) })
  for (let i = 0; i < 1200; i++) {
    log.append({
      event: i % 3 === 0 ? 'session.opened' : 'device.enrolled',
      actor: i % 2 === 0 ? { kind: 'person', id: 'auditor' } : { kind: 'system', id: 'hub' },
      subject: i === 700 ? { kind: 'device', id: 'box-01' } : null,
      outcome: 'success',
    })
  }

  it('pages from the newest to the oldest without loss or double', () => {
    const seen: number[] = []
    for (let before: number | undefined = undefined, more = true; more; ) {
      const page: ReturnType<typeof searchLog> = searchLog(log, { event: 'session', before, limit: 77 })
      seen.push(...page.entries.map((one) => one.index))
      more = page.next !== null
      before = page.next ?? undefined
    }
    expect(seen).toEqual(Array.from({ length: 400 }, (_, i) => (399 - i) * 3))
  })

  it('finds by actor and subject', () => {
    const found = searchLog(log, { actor: 'auditor', subject: 'box-01', limit: 10 })
    expect(found.entries.map((one) => one.index)).toEqual([700])
    expect(searchLog(log, { event: 'sess', limit: 10 }).entries).toEqual([])
  })
})
