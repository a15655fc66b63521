import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from '../audit/hub-audit.ts'
import { siteLogOrigin } from '../audit/log-names.ts'

/** A device that keeps sending rubbish must not be able to fill the audit log: one entry a minute and cause. */
const AUDIT_INTERVAL_MS = 60_000

/** `gap` is the ordinary way to ask for a resend; it is counted, and is no event of its own. */
const NOT_AUDITED: ReadonlySet<string> = new Set(['gap'])

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
  readonly #audit: HubAudit
  readonly #clock: Clock

  constructor(database: Database.Database, audit: HubAudit, clock: Clock) {
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
      event: code === 'audit-inconsistent' ? 'log.inconsistent' : 'ingest.refused',
      actor: { kind: 'device', id: device },
      subject:
        code === 'audit-inconsistent' ? { kind: 'log', id: siteLogOrigin(device) } : { kind: 'device', id: device },
      outcome: 'refused',
      codes: [code],
    })
  }
}
