import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { DriftPriority } from './advice.ts'
import { UNWATCHED, type WatchState } from './alert-machine.ts'
import type { Watched } from './watched.ts'

const COLUMNS = `alert, device, model, version, feature, test, month, verdict, priority, advice, raised_at AS raisedAt,
  last_seen_at AS lastSeenAt, cleared_at AS clearedAt, settled_at AS settledAt, settled_by AS settledBy, reason`
const LIST = `SELECT ${COLUMNS} FROM drift_alert ORDER BY raised_at DESC, alert LIMIT 1000`
const OPEN = `SELECT ${COLUMNS} FROM drift_alert WHERE settled_at IS NULL ORDER BY raised_at DESC, alert`
export const OPEN_OF = `SELECT alert FROM drift_alert
  WHERE device = ? AND digest = ? AND feature = ? AND test = ? AND settled_at IS NULL LIMIT 1`
const INSERT = `INSERT INTO drift_alert (alert, device, model, version, digest, feature, test, month, verdict, priority,
  advice, raised_at, last_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'major', ?, ?, ?, ?)`
/** The most urgent of what was seen stays: P1 sorts first. */
const SEEN = `UPDATE drift_alert SET last_seen_at = @now, cleared_at = NULL, month = @month,
  advice = CASE WHEN @priority <= priority THEN @advice ELSE advice END,
  priority = CASE WHEN @priority < priority THEN @priority ELSE priority END
  WHERE alert = @alert`
const CLEAR = `UPDATE drift_alert SET cleared_at = ? WHERE alert = ?`
const SETTLE = `UPDATE drift_alert SET settled_at = ?, settled_by = ?, reason = ? WHERE alert = ? AND settled_at IS NULL`
const STATE = `SELECT state FROM drift_watch WHERE device = ? AND digest = ? AND feature = ? AND test = ?`
const KEEP_STATE = `INSERT INTO drift_watch (device, digest, feature, test, state) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (device, digest, feature, test) DO UPDATE SET state = excluded.state`

const watchState = z.strictObject({
  phase: z.enum(['quiet', 'firing']),
  recent: z.array(z.boolean()).max(3),
  window: z.string().nullable(),
  raisedAt: z.number().nullable(),
})

/** A distribution that moved beyond its limit at a site, until somebody has looked at it. */
export interface DriftAlert {
  readonly alert: string
  /** A device, or `*` for all sites together. */
  readonly device: string
  readonly model: string
  readonly version: string
  readonly feature: string
  readonly test: string
  readonly month: string
  readonly verdict: string
  readonly priority: DriftPriority
  /** What a person can do about it; empty for those of earlier versions. */
  readonly advice: string
  readonly raisedAt: string
  /** When it was found again; null for those of earlier versions. */
  readonly lastSeenAt: string | null
  /** When its cause was found gone. A person settles it all the same. */
  readonly clearedAt: string | null
  readonly settledAt: string | null
  readonly settledBy: string | null
  readonly reason: string | null
}

/** Alerts and the states of what is watched, as they stand in the database. Callers bring the transaction. */
export class AlertBook {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  list(): DriftAlert[] {
    return this.#database.prepare(LIST).all() as DriftAlert[]
  }

  open(): DriftAlert[] {
    return this.#database.prepare(OPEN).all() as DriftAlert[]
  }

  state(one: Watched): WatchState {
    const row = this.#database.prepare(STATE).get(...keyOf(one)) as { readonly state: string } | undefined
    return row === undefined ? UNWATCHED : watchState.parse(JSON.parse(row.state))
  }

  keepState(one: Watched, state: WatchState): void {
    this.#database.prepare(KEEP_STATE).run(...keyOf(one), JSON.stringify(state))
  }

  /** The alert about a thing that nobody has settled. */
  openOf(one: Watched): string | undefined {
    const row = this.#database.prepare(OPEN_OF).get(...keyOf(one)) as { readonly alert: string } | undefined
    return row?.alert
  }

  insert(alert: string, one: Watched, now: string): void {
    const { device, model, feature, test, month, priority, advice } = one
    const named = [device, model.name, model.version, model.digest, feature, test, month]
    this.#database.prepare(INSERT).run(alert, ...named, priority, advice, now, now)
  }

  seen(alert: string, { month, priority, advice }: Watched, now: string): void {
    this.#database.prepare(SEEN).run({ alert, month, priority, advice, now })
  }

  clear(alert: string, now: string): void {
    this.#database.prepare(CLEAR).run(now, alert)
  }

  /** @returns false when there is no such alert, or it is settled already. */
  settle(alert: string, now: string, person: string, reason: string): boolean {
    return this.#database.prepare(SETTLE).run(now, person, reason, alert).changes === 1
  }
}

function keyOf({ device, model, feature, test }: Watched): [string, string, string, string] {
  return [device, model.digest, feature, test]
}
