import { randomUUID } from 'node:crypto'
import type { AuditActor, AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { MonitoringAlert } from '@leadglass/ui/contract/hub-api'
import type Database from 'better-sqlite3'

const OPEN = `SELECT alert, priority FROM monitoring_alert WHERE kind = ? AND device = ? AND model_digest = ?
  AND finding = ? AND what = ? AND settled_at IS NULL`
const SEEN = `SELECT 1 FROM monitoring_alert WHERE kind = ? AND device = ? AND model_digest = ? AND finding = ? AND what = ?
  AND occasion = ?`
const INSERT = `INSERT INTO monitoring_alert (alert, kind, device, model_name, model_version, model_digest, finding, what,
  priority, occasion, detail, raised_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const AGAIN = 'UPDATE monitoring_alert SET priority = ?, occasion = ?, detail = ?, last_at = ? WHERE alert = ?'
const LIST = `SELECT alert, device, model_name AS name, model_version AS version, model_digest AS digest, finding, what,
  priority, detail, raised_at AS raisedAt, last_at AS lastAt, settled_at AS settledAt, settled_by AS settledBy, reason
  FROM monitoring_alert WHERE kind = ? ORDER BY settled_at IS NOT NULL, priority, raised_at DESC, alert LIMIT 1000`
const WORDS = {
  performance: { alerted: 'performance.alerted', settled: 'performance.settled' },
  fairness: { alerted: 'fairness.alerted', settled: 'fairness.settled' },
} as const
const SETTLE = `UPDATE monitoring_alert SET settled_at = ?, settled_by = ?, reason = ?
  WHERE alert = ? AND kind = ? AND settled_at IS NULL`

/** P1: now; P2: this day; P3: this week. */
export type Priority = 'P1' | 'P2' | 'P3'

/** Something that a person has to look at. `device` is `*` for all sites together. */
export interface Finding {
  readonly device: string
  readonly model: ModelReference
  readonly finding: string
  /** What moved; one open alert for each. */
  readonly what: string
  readonly priority: Priority
  /** The evidence that it rests on. After an alert is settled the same evidence raises none. */
  readonly occasion: string
  readonly detail: readonly string[]
}

/** What a book of alerts works with. */
export interface AlertBookParts {
  readonly kind: 'performance' | 'fairness'
  readonly database: Database.Database
  readonly audit: { record(event: AuditEventInput): void }
  readonly clock: Clock
}

/**
 * Alerts about models in use, from the first sight of something until a person has settled it with a reason. Of one thing
 * one alert is open; as long as it is, newer evidence is written into it and a more urgent priority taken over.
 */
export class AlertBook {
  readonly #parts: AlertBookParts

  constructor(parts: AlertBookParts) {
    this.#parts = parts
  }

  /** Open ones first, the most urgent first. */
  list(): MonitoringAlert[] {
    type Row = Omit<MonitoringAlert, 'model' | 'detail'> & ModelReference & { readonly detail: string }
    const rows = this.#parts.database.prepare(LIST).all(this.#parts.kind) as Row[]
    return rows.map(({ name, version, digest, detail, ...rest }) => ({
      ...rest,
      model: { name, version, digest },
      detail: JSON.parse(detail) as string[],
    }))
  }

  /** @returns true when there is a new alert. */
  raise(found: Finding): boolean {
    return this.#parts.database.transaction(() => this.#raise(found)).immediate()
  }

  /** A person has looked. @returns false when there is no such alert, or it is settled already. */
  settle(alert: string, actor: AuditActor, reason: string): boolean {
    const { kind, database, audit, clock } = this.#parts
    return database
      .transaction(() => {
        const { changes } = database.prepare(SETTLE).run(toIsoInstant(clock.now()), actor.id, reason, alert, kind)
        if (changes === 0) return false
        audit.record({ event: WORDS[kind].settled, actor, subject: { kind: 'alert', id: alert }, outcome: 'success' })
        return true
      })
      .immediate()
  }

  #raise({ device, model, finding, what, priority, occasion, detail }: Finding): boolean {
    const { kind, database, audit, clock } = this.#parts
    const now = toIsoInstant(clock.now())
    const words = canonicalJson(detail)
    const key = [kind, device, model.digest, finding, what]
    const open = database.prepare(OPEN).get(...key) as
      | { readonly alert: string; readonly priority: Priority }
      | undefined
    if (open !== undefined) {
      const worse = priority < open.priority ? priority : open.priority
      database.prepare(AGAIN).run(worse, occasion, words, now, open.alert)
      return false
    }
    if (database.prepare(SEEN).get(...key, occasion) !== undefined) return false
    const alert = randomUUID()
    const { name, version, digest } = model
    database
      .prepare(INSERT)
      .run(alert, kind, device, name, version, digest, finding, what, priority, occasion, words, now, now)
    audit.record({
      event: WORDS[kind].alerted,
      actor: device === '*' ? { kind: 'system', id: 'hub' } : { kind: 'device', id: device },
      subject: { kind: 'alert', id: alert },
      outcome: 'failure',
      codes: [`model.${name.slice(0, 40)}`, finding, priority.toLowerCase()],
    })
    return true
  }
}
