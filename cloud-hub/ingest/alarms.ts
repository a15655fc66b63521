import type { Envelope, EpochRange } from '@leadglass/sync-agent/contract'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from '../audit/hub-audit.ts'
import { siteLogOrigin } from '../audit/log-names.ts'
import type { BatchResult } from './inbox-store.ts'
import { impossibleTimes } from './stated-times.ts'

/** A device that keeps sending rubbish must not be able to fill the audit log: one entry a minute and cause. */
const AUDIT_INTERVAL_MS = 60_000

/** `gap` is the ordinary way to ask for a resend; a comparison of epochs has an event of its own. */
const NOT_AUDITED: ReadonlySet<string> = new Set(['gap', 'epoch-unequal'])

/** Ranges that one event names. */
const MOST_NAMED = 16

const READ = 'SELECT audited_at FROM ingest_alarm WHERE device = ? AND code = ?'
const WRITE = `INSERT INTO ingest_alarm (device, code, occurrences, first_at, last_at, audited_at)
  VALUES (@device, @code, @occurrences, @at, @at, @at)
  ON CONFLICT (device, code) DO UPDATE SET
    occurrences = occurrences + excluded.occurrences, last_at = excluded.last_at,
    audited_at = CASE WHEN @audited = 1 THEN excluded.audited_at ELSE audited_at END`

/** What was refused at the door, by device and cause: counted always, written to the hub's log at a bounded rate. */
export class AlarmBook {
  readonly #read: Database.Statement
  readonly #write: Database.Statement
  readonly #audit: Pick<HubAudit, 'record'>
  readonly #clock: Clock

  constructor(database: Database.Database, audit: Pick<HubAudit, 'record'>, clock: Clock) {
    this.#read = database.prepare(READ)
    this.#write = database.prepare(WRITE)
    this.#audit = audit
    this.#clock = clock
  }

  /** Adds `occurrences` of `code`. Safe inside and outside a transaction. */
  raise(device: string, code: string, occurrences: number): void {
    const now = this.#clock.now()
    const row = this.#read.get(device, code) as { readonly audited_at: string } | undefined
    const audited = row === undefined || now - Date.parse(row.audited_at) >= AUDIT_INTERVAL_MS
    this.#write.run({ device, code, occurrences, at: toIsoInstant(now), audited: audited ? 1 : 0 })
    if (!audited || NOT_AUDITED.has(code)) return
    this.#audit.record({
      event: code.startsWith('audit-') ? 'log.inconsistent' : 'ingest.refused',
      actor: { kind: 'device', id: device },
      subject:
        code.startsWith('audit-') && code !== 'audit-hub-diverged'
          ? { kind: 'log', id: siteLogOrigin(device) }
          : { kind: 'device', id: device },
      outcome: 'refused',
      codes: [code],
    })
  }

  /** Alarms what a batch says of times that cannot be. */
  examineTimes(device: string, envelopes: readonly Envelope[]): void {
    const found = impossibleTimes(envelopes, this.#clock.now())
    if (found > 0) this.raise(device, 'clock-off', found)
  }

  /**
   * Writes what a group of batches brought, one entry for each device. Called in the transaction of the commit; where the
   * effects stand in another database than the log, before its end: the log may name what was lost, and never misses anything.
   */
  committed(results: readonly BatchResult[]): void {
    const byDevice = new Map<string, { messages: number; accepted: number; duplicates: number }>()
    for (const result of results) {
      if (result.outcome !== 'committed') continue
      const { device } = result.acknowledgement
      const sum = byDevice.get(device) ?? { messages: 0, accepted: 0, duplicates: 0 }
      sum.messages += 1
      sum.accepted += result.accepted
      sum.duplicates += result.duplicates
      byDevice.set(device, sum)
    }
    for (const [device, { messages, accepted, duplicates }] of byDevice) {
      // What only came again changed nothing: a device that repeats itself does not fill the log.
      if (accepted === 0) continue
      this.#audit.record({
        event: 'ingest.committed',
        actor: { kind: 'device', id: device },
        subject: { kind: 'device', id: device },
        outcome: 'success',
        codes: [`messages-${messages}`, `accepted-${accepted}`, `duplicates-${duplicates}`],
      })
    }
  }

  /** Writes the outcome of comparing an epoch; what differs is an alarm. */
  compared(device: string, epoch: number, differences: readonly Pick<EpochRange, 'stream' | 'from' | 'to'>[]): void {
    if (differences.length > 0) this.raise(device, 'epoch-unequal', 1)
    this.#audit.record({
      event: 'epoch.compared',
      actor: { kind: 'device', id: device },
      subject: { kind: 'device', id: device },
      outcome: differences.length === 0 ? 'success' : 'failure',
      codes: [
        `epoch-${epoch}`,
        ...differences.slice(0, MOST_NAMED).map(({ stream, from, to }) => `${stream}-${from}-${to}`),
      ],
    })
  }
}
