import type { AuditActor, AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { type Clock, type Logger, type Service, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { Drift, DriftEntry } from './drift.ts'

const EVERY_MS = 600_000

const INSERT = `INSERT INTO drift_alert (alert, device, model, version, digest, feature, month, verdict, raised_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (device, digest, feature, month) DO NOTHING`
const LIST = `SELECT alert, device, model, version, feature, month, verdict, raised_at AS raisedAt,
  settled_at AS settledAt, settled_by AS settledBy, reason FROM drift_alert ORDER BY raised_at DESC, alert LIMIT 1000`
const SETTLE = `UPDATE drift_alert SET settled_at = ?, settled_by = ?, reason = ? WHERE alert = ? AND settled_at IS NULL`

/** A distribution that moved beyond its limit at a site, until somebody has looked at it. */
export interface DriftAlert {
  readonly alert: string
  readonly device: string
  readonly model: string
  readonly version: string
  readonly feature: string
  readonly month: string
  readonly verdict: string
  readonly raisedAt: string
  readonly settledAt: string | null
  readonly settledBy: string | null
  readonly reason: string | null
}

/** What the alerts are made of. */
export interface DriftAlertParts {
  readonly database: Database.Database
  readonly drift: Pick<Drift, 'entries'>
  readonly audit: { record(event: AuditEventInput): void }
  readonly clock: Clock
  readonly logger: Logger
}

/** Looks at every site's distributions, and raises one alert for each feature, model and month that moved too far. */
export class DriftAlerts implements Service {
  readonly #parts: DriftAlertParts
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(parts: DriftAlertParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    const look = (): void => {
      this.#running ??= this.look()
        .then(
          () => undefined,
          (error: unknown) => this.#parts.logger.error('drift.look-failed', { reason: String(error) }),
        )
        .finally(() => {
          this.#running = undefined
        })
    }
    this.#timer = setInterval(look, EVERY_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** Every alert, newest first. */
  list(): DriftAlert[] {
    return this.#parts.database.prepare(LIST).all() as DriftAlert[]
  }

  /** One look. @returns how many alerts are new. */
  async look(): Promise<number> {
    const moved = (await this.#parts.drift.entries()).filter((entry) => entry.verdict === 'major')
    return this.#parts.database.transaction(() => moved.filter((entry) => this.#raise(entry)).length).immediate()
  }

  /** A person has looked. @returns false when there is no such alert, or it is settled already. */
  settle(alert: string, actor: AuditActor, reason: string): boolean {
    const { database, audit, clock } = this.#parts
    return database
      .transaction(() => {
        const { changes } = database.prepare(SETTLE).run(toIsoInstant(clock.now()), actor.id, reason, alert)
        if (changes === 0) return false
        audit.record({ event: 'drift.settled', actor, subject: { kind: 'alert', id: alert }, outcome: 'success' })
        return true
      })
      .immediate()
  }

  #raise({ device, model, feature, month, verdict }: DriftEntry): boolean {
    const { database, audit, clock } = this.#parts
    const alert = crypto.randomUUID()
    const values = [alert, device, model.name, model.version, model.digest, feature, month, verdict]
    if (database.prepare(INSERT).run(...values, toIsoInstant(clock.now())).changes === 0) return false
    audit.record({
      event: 'drift.alerted',
      actor: { kind: 'device', id: device },
      subject: { kind: 'alert', id: alert },
      outcome: 'failure',
      codes: [`model.${model.name.slice(0, 40)}`, feature],
    })
    return true
  }
}
