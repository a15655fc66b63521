import type { AuditActor, AuditLog } from '@leadglass/sync-agent/audit-log'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './hub-audit.ts'
import type { AuditIndex } from './search-index.ts'

/** Entries are kept in full for seven years after the year in which they were written (45 CFR 164.316(b)(2)(i): six). */
export const RETENTION_YEARS = 7

const LOGS = 'SELECT id, origin FROM audit_log ORDER BY origin'
const FIRST_YEAR = 'SELECT min(at) AS at FROM audit_entry WHERE log = ?'
const FIRST_FROM =
  'SELECT min(leaf_index) AS first FROM audit_entry INDEXED BY audit_entry_by_log WHERE log = ? AND at >= ? AND at <= ?'
const PRUNED_UP_TO =
  'SELECT year, from_index AS "from", to_index AS "to", root, checkpoint FROM audit_pruned WHERE log = ? ORDER BY from_index'
const HOLDS = `SELECT hold, origin, year, reason, placed_by AS placedBy, placed_at AS placedAt, lifted_by AS liftedBy,
  lifted_at AS liftedAt FROM audit_hold ORDER BY hold DESC`
const ADD_HOLD = 'INSERT INTO audit_hold (origin, year, reason, placed_by, placed_at) VALUES (?, ?, ?, ?, ?)'
const LIFT_HOLD = 'UPDATE audit_hold SET lifted_by = ?, lifted_at = ? WHERE hold = ? AND lifted_at IS NULL'
const ADD_PRUNED = `INSERT INTO audit_pruned (log, year, from_index, to_index, root, checkpoint, pruned_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`
const EMPTY_LEAVES = `UPDATE audit_leaf SET leaf = x'' WHERE log = ? AND leaf_index >= ? AND leaf_index < ?`
const FORGET = 'DELETE FROM audit_entry WHERE log = ? AND leaf_index >= ? AND leaf_index < ?'

/** A legal hold: of one log or all (`origin` null), of one year or all (`year` null). `reason` is free text. */
export interface LogHold {
  readonly hold: number
  readonly origin: string | null
  readonly year: number | null
  readonly reason: string
  readonly placedBy: string
  readonly placedAt: string
  readonly liftedBy: string | null
  readonly liftedAt: string | null
}

/** One year of one log: the epoch of retention. `from` and `to` are indexes of entries, `to` excluded. */
export interface LogEpoch {
  readonly origin: string
  readonly year: number
  readonly from: number
  readonly to: number
  readonly state: 'kept' | 'due' | 'held' | 'unsigned' | 'pruned'
}

/** What retention needs besides its tables. */
export interface RetentionParts {
  readonly database: Database.Database
  readonly audit: HubAudit
  readonly index: AuditIndex
  readonly clock: Clock
  /** The log of an origin, and the newest signed checkpoint of it: what nobody has signed is never pruned. */
  readonly signed: (
    origin: string,
  ) => { readonly log: AuditLog; readonly size: number; readonly note: string } | undefined
}

/**
 * Retention of the logs. An epoch is a calendar year of one log, by the time that the entries state: an epoch of
 * synchronisation can last as long as a box. Pruning empties entries; hashes, roots, checkpoints and proofs stay for ever,
 * so whoever kept an entry can still prove it.
 */
export class AuditRetention {
  readonly #parts: RetentionParts

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** Every epoch of every log, oldest first in each. */
  epochs(): readonly LogEpoch[] {
    // All of it: an entry that the index lacks would seem to be of no year.
    while (this.#parts.index.follow(100_000) > 0);
    const logs = this.#parts.database.prepare(LOGS).all() as { readonly id: number; readonly origin: string }[]
    return logs.flatMap(({ id, origin }) => this.#epochsOf(id, origin))
  }

  /** All holds, newest first, lifted ones too. */
  holds(): readonly LogHold[] {
    return this.#parts.database.prepare(HOLDS).all() as LogHold[]
  }

  /** Places a hold. @returns its number. */
  place(hold: Pick<LogHold, 'origin' | 'year' | 'reason'>, by: AuditActor): number {
    const { database, clock } = this.#parts
    return database.transaction(() => {
      const at = toIsoInstant(clock.now())
      const { lastInsertRowid } = database.prepare(ADD_HOLD).run(hold.origin, hold.year, hold.reason, by.id, at)
      this.#record('hold.placed', by, hold.origin, [yearCode(hold.year), `hold-${lastInsertRowid}`])
      return Number(lastInsertRowid)
    })()
  }

  /** Lifts a hold. @returns false when it does not exist or was lifted before. */
  lift(hold: number, by: AuditActor): boolean {
    const { database, clock } = this.#parts
    return database.transaction(() => {
      const { changes } = database.prepare(LIFT_HOLD).run(by.id, toIsoInstant(clock.now()), hold)
      if (changes === 0) return false
      const lifted = this.holds().find((one) => one.hold === hold)
      this.#record('hold.lifted', by, lifted?.origin ?? null, [yearCode(lifted?.year ?? null), `hold-${hold}`])
      return true
    })()
  }

  /** Prunes every epoch that is due; each in a transaction of its own, with its leaf in the hub's log. */
  prune(by: AuditActor): readonly LogEpoch[] {
    const due = this.epochs().filter((epoch) => epoch.state === 'due')
    for (const epoch of due) this.#prune(epoch, by)
    return due
  }

  #prune({ origin, year, from, to }: LogEpoch, by: AuditActor): void {
    const { database, clock, signed } = this.#parts
    const last = signed(origin)
    if (last === undefined) return
    const logs = database.prepare(LOGS).all() as { readonly id: number; readonly origin: string }[]
    const id = logs.find((log) => log.origin === origin)?.id
    database.transaction(() => {
      const root = Buffer.from(last.log.root(to)).toString('hex')
      database.prepare(ADD_PRUNED).run(id, year, from, to, root, last.note, toIsoInstant(clock.now()))
      database.prepare(EMPTY_LEAVES).run(id, from, to)
      database.prepare(FORGET).run(id, from, to)
      this.#record('log.pruned', by, origin, [yearCode(year), `entries-${to - from}`])
    })()
  }

  #epochsOf(id: number, origin: string): LogEpoch[] {
    const { database, clock, signed } = this.#parts
    const pruned = database.prepare(PRUNED_UP_TO).all(id) as { year: number; from: number; to: number }[]
    const epochs: LogEpoch[] = pruned.map(({ year, from, to }) => ({ origin, year, from, to, state: 'pruned' }))
    const last = signed(origin)
    const { at } = database.prepare(FIRST_YEAR).get(id) as { readonly at: number | null }
    const size = last?.log.size ?? 0
    if (at === null) return epochs
    const thisYear = new Date(clock.now()).getUTCFullYear()
    // A box whose clock was far off can state any year: what lies in the future counts to the entries around it.
    const now = Math.floor(clock.now() / 1000)
    let from = 0
    for (let year = Math.min(new Date(at * 1000).getUTCFullYear(), thisYear); year <= thisYear; year++) {
      const next = database.prepare(FIRST_FROM).get(id, Date.UTC(year + 1) / 1000, now) as {
        readonly first: number | null
      }
      const to = year === thisYear ? size : Math.max(from, Math.min(next.first ?? size, size))
      for (const gap of without({ from, to }, pruned)) {
        epochs.push({ origin, year, ...gap, state: this.#stateOf(origin, year, gap.to, thisYear, last?.size ?? 0) })
      }
      from = to
    }
    return epochs.sort((a, b) => a.from - b.from)
  }

  #stateOf(origin: string, year: number, to: number, thisYear: number, signedSize: number): LogEpoch['state'] {
    if (year + RETENTION_YEARS >= thisYear) return 'kept'
    const isHeld = this.holds().some(
      (hold) => hold.liftedAt === null && (hold.origin ?? origin) === origin && (hold.year ?? year) === year,
    )
    if (isHeld) return 'held'
    return to > signedSize ? 'unsigned' : 'due'
  }

  #record(
    event: 'hold.placed' | 'hold.lifted' | 'log.pruned',
    actor: AuditActor,
    origin: string | null,
    codes: readonly string[],
  ): void {
    const subject = origin === null ? null : ({ kind: 'log', id: origin } as const)
    this.#parts.audit.record({ event, actor, subject, outcome: 'success', codes })
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

/** What is left of a range when others, in rising order, are taken out of it. */
function without(range: Range, others: readonly Range[]): Range[] {
  const left: Range[] = []
  let { from } = range
  for (const other of others) {
    if (other.to <= from || other.from >= range.to) continue
    if (other.from > from) left.push({ from, to: other.from })
    from = other.to
  }
  if (from < range.to) left.push({ from, to: range.to })
  return left
}

function yearCode(year: number | null): string {
  return year === null ? 'every-year' : `year-${year}`
}
