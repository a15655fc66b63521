import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AuditSink } from '../egress/index.ts'
import { settingsSchema } from '../settings.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { DeliveryAlarms } from './delivery-alarms.ts'
import { queueReport } from './testing/example-reports.ts'

type AuditDraft = Parameters<AuditSink['record']>[0]

const HOUR = 3_600_000
let held: ReturnType<typeof temporaryRecords>
let now: number
let events: AuditDraft[]
let lines: string[]

beforeEach(() => {
  held = temporaryRecords()
  now = 1_750_000_000_000
  events = []
  lines = []
})
afterEach(() => {
  held.dispose()
})

function watch(): DeliveryAlarms {
  const destination = { aeTitle: 'PACS', host: '127.0.0.1', port: 104 }
  const settings = settingsSchema.parse({
    destinations: [
      { name: 'pacs', ...destination },
      { name: 'patient-one', ...destination, alarmAfterSeconds: 86_400 },
    ],
  })
  const line = (event: string): void => {
    lines.push(event)
  }
  const logger = { debug: line, info: line, warn: line, error: line, child: () => logger }
  return new DeliveryAlarms({
    records: held.records,
    settings: () => settings,
    clock: { now: () => now, monotonic: () => now } as never,
    audit: { record: (event: AuditDraft) => events.push(event), recordNow: () => undefined },
    logger: logger,
  })
}

it('raises one alarm, in the log and in the audit log, when the oldest result waits too long, and ends it once', () => {
  queueReport(held.records, 1, ['pacs', 'patient-one'], now)
  const alarms = watch()
  now += HOUR
  alarms.look()
  expect(events).toEqual([])
  now += 1000
  alarms.look()
  alarms.look()
  expect(events).toEqual([
    {
      event: 'result.late',
      actor: { kind: 'system', id: 'results' },
      subject: { kind: 'destination', id: 'pacs' },
      outcome: 'failure',
      codes: ['seconds-3601'],
    },
  ])
  expect(lines).toEqual(['results.late'])
  for (const { deliveryId } of held.records.results.due('pacs', now, 9)) held.records.results.accept(deliveryId, now)
  alarms.look()
  alarms.look()
  expect(events.map((one) => one.event)).toEqual(['result.late', 'result.caught-up'])
  expect(lines).toEqual(['results.late', 'results.caught-up'])
})

it('does not raise it again after a restart, and counts results that wait for a confirmation', () => {
  queueReport(held.records, 1, ['pacs'], now)
  const [due] = held.records.results.due('pacs', now, 9)
  held.records.confirmations.stored(due?.deliveryId ?? 0, 'query', now, now)
  now += 2 * HOUR
  watch().look()
  watch().look()
  expect(events.map((one) => one.event)).toEqual(['result.late'])
})
