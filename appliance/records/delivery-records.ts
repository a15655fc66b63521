import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'
import type { ReportKind } from './result-records.ts'

/** One delivery with everything a person needs to judge it. */
export interface DeliveryRow {
  readonly deliveryId: number
  readonly studyPseudonym: string
  readonly revision: number
  readonly destination: string
  readonly kind: ReportKind
  readonly sopInstanceUid: string
  readonly state: 'pending' | 'accepted' | 'dead'
  readonly attempts: number
  readonly reason: string | null
  readonly createdAt: number
  readonly nextAttemptAt: number
  readonly storedAt: number | null
  readonly settledAt: number | null
  readonly dropReason: string | null
  readonly droppedBy: string | null
}

/** The delivery of a destination that waits longest. */
export interface WaitingLongest {
  readonly deliveryId: number
  readonly createdAt: number
}

const COLUMNS = `d.delivery_id AS deliveryId, s.study_pseudonym AS studyPseudonym, v.number AS revision, d.destination,
  r.kind, r.sop_instance_uid AS sopInstanceUid, d.state, d.attempts, d.last_reason AS reason, d.created_at AS createdAt,
  d.next_attempt_at AS nextAttemptAt, d.stored_at AS storedAt, d.settled_at AS settledAt, x.reason AS dropReason,
  x.dropped_by AS droppedBy`
const JOINS = `JOIN report r ON r.report_id = d.report_id JOIN revision v ON v.revision_id = r.revision_id
JOIN study s ON s.study_id = v.study_id LEFT JOIN delivery_drop x ON x.delivery_id = d.delivery_id`
export const SELECT_DELIVERIES = `
SELECT ${COLUMNS} FROM delivery d ${JOINS}
WHERE d.delivery_id < ? AND (? = '' OR d.destination = ?) AND (? = '' OR d.state = ?)
ORDER BY d.delivery_id DESC LIMIT ?`
export const SELECT_DELIVERY = `SELECT ${COLUMNS} FROM delivery d ${JOINS} WHERE d.delivery_id = ?`
export const SELECT_REPLAYABLE = `
SELECT delivery_id AS deliveryId FROM delivery
WHERE destination = ? AND state = 'dead' AND last_reason NOT IN ('superseded','dropped') AND settled_at >= ?
ORDER BY delivery_id`
export const HASTEN_DELIVERIES = `
UPDATE delivery SET next_attempt_at = ?
WHERE destination = ? AND state = 'pending' AND stored_at IS NULL AND next_attempt_at > ?`
export const SELECT_OLDEST_WAITING = `
SELECT delivery_id AS deliveryId, created_at AS createdAt FROM delivery
WHERE destination = ? AND state = 'pending' ORDER BY created_at LIMIT 1`
export const SELECT_ALARM = 'SELECT 1 FROM delivery_alarm WHERE destination = ?'
export const INSERT_ALARM = 'INSERT OR IGNORE INTO delivery_alarm (destination, raised_at) VALUES (?, ?)'
export const DELETE_ALARM = 'DELETE FROM delivery_alarm WHERE destination = ?'
export const DROP_DELIVERY = `
UPDATE delivery SET state = 'dead', last_reason = 'dropped', settled_at = ?
WHERE delivery_id = ? AND (state = 'pending' OR (state = 'dead' AND last_reason NOT IN ('superseded','dropped')))`
export const INSERT_DROP = `
INSERT INTO delivery_drop (delivery_id, last_reason, reason, dropped_by, dropped_at)
SELECT delivery_id, last_reason, ?, ?, ? FROM delivery WHERE delivery_id = ? ON CONFLICT DO NOTHING`
export const INSERT_BLOCK = `
INSERT INTO result_block (revision_id, kind, mismatch, blocked_at) VALUES (?, ?, ?, ?)`
export const COUNT_BLOCKS = `
SELECT count(*) AS count FROM result_block b JOIN revision v ON v.revision_id = b.revision_id WHERE v.superseded = 0`

/** Deliveries as people see and settle them. Writes stand in the caller's transaction. */
export class DeliveryRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Deliveries with a number below `before`, newest first. */
  list(filter: {
    readonly destination?: string | undefined
    readonly state?: DeliveryRow['state'] | undefined
    readonly before?: number | undefined
    readonly limit: number
  }): readonly DeliveryRow[] {
    const { destination = '', state = '', before = Number.MAX_SAFE_INTEGER, limit } = filter
    return this.#sql.all(SELECT_DELIVERIES, before, destination, destination, state, state, limit)
  }

  find(deliveryId: number): DeliveryRow | undefined {
    return this.#sql.get(SELECT_DELIVERY, deliveryId)
  }

  /** Dead deliveries of a destination that died at `since` or later, oldest first. */
  replayable(destination: string, since: number): readonly number[] {
    return this.#sql.all<{ deliveryId: number }>(SELECT_REPLAYABLE, destination, since).map((row) => row.deliveryId)
  }

  /** The destination is back: what waited for it is tried now. */
  hasten(destination: string, at: number): void {
    this.#sql.run(HASTEN_DELIVERIES, at, destination, at)
  }

  oldestWaiting(destination: string): WaitingLongest | undefined {
    return this.#sql.get(SELECT_OLDEST_WAITING, destination)
  }

  /** Whether an alarm is raised about a destination whose oldest result waits too long. */
  hasAlarm(destination: string): boolean {
    return this.#sql.get(SELECT_ALARM, destination) !== undefined
  }

  raiseAlarm(destination: string, at: number): void {
    this.#sql.run(INSERT_ALARM, destination, at)
  }

  endAlarm(destination: string): void {
    this.#sql.run(DELETE_ALARM, destination)
  }

  /** Gives a delivery up for good. @returns false when it is no delivery that waits or died. */
  drop(deliveryId: number, reason: string, by: string, at: number): boolean {
    const row = this.find(deliveryId)
    const open = row?.state === 'pending' || (row?.state === 'dead' && row.reason !== 'superseded')
    if (!open || row.reason === 'dropped') return false
    this.#sql.run(INSERT_DROP, reason, by, at, deliveryId)
    return this.#sql.run(DROP_DELIVERY, at, deliveryId).changes === 1
  }

  /** A result was kept back because it does not carry the identity of the record. */
  block(revisionId: number, kind: ReportKind, mismatch: string, at: number): void {
    this.#sql.run(INSERT_BLOCK, revisionId, kind, mismatch, at)
  }

  /** Blocked results of revisions that nothing superseded yet. */
  blocked(): number {
    return this.#sql.get<{ count: number }>(COUNT_BLOCKS)?.count ?? 0
  }
}
