import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** One outcome for one instance of a revision, as it is written. */
export interface ResultRow {
  readonly revisionId: number
  readonly ordinal: number
  readonly model: { readonly name: string; readonly version: string; readonly digest: string } | null
  readonly outcome: 'scored' | 'not-scored'
  readonly reason: string | null
  readonly embedding: Uint8Array | null
  readonly quality: Readonly<Record<string, number>>
  /** What really ran the model's graphs; null or absent where nothing ran. */
  readonly provider?: string | null
  readonly scores: readonly ScoreRow[]
}

/** One score, and its side of the operating point in force when it was made. */
export interface ScoreRow {
  readonly code: string
  readonly title: string
  readonly value: number
  readonly thresholdMilli: number
  readonly above: boolean
}

/** A result object ready to be sent. */
export interface ReportRow {
  readonly revisionId: number
  readonly modelDigest: string
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly content: Uint8Array
  /** What it is; a structured report of scores unless told. */
  readonly kind?: ReportKind
}

/**
 * A structured report of scores, its picture, segments, a presentation over its images, a heat map, a report that says why
 * nothing was scored, a rejection note.
 */
export type ReportKind = 'sr' | 'sc' | 'seg' | 'pr' | 'pm' | 'not-scored' | 'note'

/** An earlier result of a study that a later one may replace. */
export interface EarlierResult {
  readonly kind: Exclude<ReportKind, 'note'>
  readonly revision: number
  /** Of the package; for what no model made a word. */
  readonly modelDigest: string
  /** Null for what no model made. */
  readonly modelName: string | null
  readonly sopClassUid: string
  readonly sopInstanceUid: string
}

/** A delivery that is due. */
export interface DueDelivery {
  readonly deliveryId: number
  readonly attempts: number
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly content: Uint8Array
}

/** A delivery that gave up. */
export interface DeadDelivery {
  readonly deliveryId: number
  readonly studyPseudonym: string
  readonly revision: number
  readonly attempts: number
  readonly reason: string | null
  readonly settledAt: number | null
}

export const INSERT_RESULT = `
INSERT INTO result (revision_id, ordinal, model_name, model_version, model_digest, outcome, reason, embedding, quality,
  provider)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
export const INSERT_SCORE = `
INSERT INTO score (result_id, code, title, value, threshold_milli, above) VALUES (?, ?, ?, ?, ?, ?)`
export const INSERT_REPORT = `
INSERT INTO report (revision_id, model_digest, sop_class_uid, sop_instance_uid, content, created_at, kind)
VALUES (?, ?, ?, ?, ?, ?, ?)`
export const SELECT_EARLIER_RESULTS = `
SELECT r.kind, v.number AS revision, substr(r.model_digest, -64) AS modelDigest, r.sop_class_uid AS sopClassUid,
  r.sop_instance_uid AS sopInstanceUid,
  (SELECT x.model_name FROM result x WHERE x.revision_id = v.revision_id AND x.model_digest = substr(r.model_digest, -64) LIMIT 1)
    AS modelName
FROM revision v JOIN report r ON r.revision_id = v.revision_id
WHERE v.study_id = ? AND r.kind <> 'note' ORDER BY v.number DESC`
export const INSERT_DELIVERY = `
INSERT INTO delivery (report_id, destination, state, next_attempt_at, created_at) VALUES (?, ?, 'pending', ?, ?)`
export const SELECT_DUE_DELIVERIES = `
SELECT d.delivery_id AS deliveryId, d.attempts, r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid,
  r.content
FROM delivery d JOIN report r ON r.report_id = d.report_id
WHERE d.destination = ? AND d.state = 'pending' AND d.stored_at IS NULL AND d.next_attempt_at <= ?
ORDER BY d.next_attempt_at, d.delivery_id LIMIT ?`
/** How large those are, without reading them. */
export const SELECT_DUE_SIZES = `
SELECT length(r.content) AS bytes
FROM delivery d JOIN report r ON r.report_id = d.report_id
WHERE d.destination = ? AND d.state = 'pending' AND d.stored_at IS NULL AND d.next_attempt_at <= ?
ORDER BY d.next_attempt_at, d.delivery_id LIMIT ?`
export const ACCEPT_DELIVERY = `
UPDATE delivery SET state = 'accepted', attempts = attempts + 1, last_reason = NULL, confirmed_by = 'store', settled_at = ?
WHERE delivery_id = ? AND (state = 'pending' OR (state = 'dead' AND last_reason = 'superseded'))`
export const POSTPONE_DELIVERY = `
UPDATE delivery SET attempts = attempts + 1, last_reason = ?, next_attempt_at = ?
WHERE delivery_id = ? AND state = 'pending'`
export const KILL_DELIVERY = `
UPDATE delivery SET state = 'dead', attempts = attempts + 1, last_reason = ?, settled_at = ?
WHERE delivery_id = ? AND state = 'pending'`
export const REPLAY_DELIVERY = `
UPDATE delivery SET state = 'pending', next_attempt_at = ?, settled_at = NULL, stored_at = NULL, confirm_by = NULL,
  confirm_attempts = 0
WHERE delivery_id = ? AND destination = ? AND state = 'dead' AND last_reason NOT IN ('superseded','dropped')`
export const SELECT_DEAD_DELIVERIES = `
SELECT d.delivery_id AS deliveryId, s.study_pseudonym AS studyPseudonym, v.number AS revision, d.attempts,
  d.last_reason AS reason, d.settled_at AS settledAt
FROM delivery d JOIN report r ON r.report_id = d.report_id JOIN revision v ON v.revision_id = r.revision_id
JOIN study s ON s.study_id = v.study_id
WHERE d.destination = ? AND d.state = 'dead' AND d.last_reason NOT IN ('superseded','dropped') ORDER BY d.delivery_id DESC LIMIT ?`
export const COUNT_DELIVERIES = `
SELECT destination, state, count(*) AS count FROM delivery
WHERE state IN ('pending','dead') AND (last_reason IS NULL OR last_reason NOT IN ('superseded','dropped')) GROUP BY destination, state`
export const SELECT_STUDY_OF_DELIVERY = `
SELECT s.study_id AS studyId, s.study_pseudonym AS studyPseudonym, s.study_instance_uid AS studyInstanceUid
FROM delivery d JOIN report r ON r.report_id = d.report_id JOIN revision v ON v.revision_id = r.revision_id
JOIN study s ON s.study_id = v.study_id WHERE d.delivery_id = ?`

/** What is held of result objects at a time on the way to one destination: segmentations have megabytes. */
const DUE_BYTES = 64 * 2 ** 20

/** Results, result objects and their deliveries. */
export class ResultRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Writes one outcome with its scores. Inside the caller's transaction. @returns the result's number. */
  insertResult(row: ResultRow): number {
    const { lastInsertRowid } = this.#sql.run(
      INSERT_RESULT,
      row.revisionId,
      row.ordinal,
      row.model?.name ?? null,
      row.model?.version ?? null,
      row.model?.digest ?? null,
      row.outcome,
      row.reason,
      row.embedding,
      JSON.stringify(row.quality),
      row.provider ?? null,
    )
    for (const score of row.scores) {
      const { code, title, value, thresholdMilli, above } = score
      this.#sql.run(INSERT_SCORE, lastInsertRowid, code, title, value, thresholdMilli, above ? 1 : 0)
    }
    return Number(lastInsertRowid)
  }

  /** Writes a result object and one pending delivery for each destination. Inside the caller's transaction. */
  insertReport(row: ReportRow, destinations: readonly string[], at: number): void {
    const { revisionId, modelDigest, sopClassUid, sopInstanceUid, content, kind = 'sr' } = row
    const made = [revisionId, modelDigest, sopClassUid, sopInstanceUid, content, at, kind] as const
    const report = this.#sql.run(INSERT_REPORT, ...made)
    for (const name of destinations) this.#sql.run(INSERT_DELIVERY, report.lastInsertRowid, name, at, at)
  }

  /** Results of a study that a later one may replace, newest revision first. */
  earlier(studyId: number): readonly EarlierResult[] {
    return this.#sql.all(SELECT_EARLIER_RESULTS, studyId)
  }

  /** Deliveries for one destination that may be tried now, oldest first: as many as fit into `DUE_BYTES`, but always one. */
  due(destination: string, at: number, limit: number): readonly DueDelivery[] {
    const sizes = this.#sql.all<{ bytes: number }>(SELECT_DUE_SIZES, destination, at, limit)
    let held = 0
    const fit = sizes.findIndex(({ bytes }) => {
      held += bytes
      return held > DUE_BYTES
    })
    return this.#sql.all(SELECT_DUE_DELIVERIES, destination, at, fit < 0 ? limit : Math.max(1, fit))
  }

  accept(deliveryId: number, at: number): void {
    this.#sql.run(ACCEPT_DELIVERY, at, deliveryId)
  }

  postpone(deliveryId: number, reason: string, nextAttemptAt: number): void {
    this.#sql.run(POSTPONE_DELIVERY, reason, nextAttemptAt, deliveryId)
  }

  kill(deliveryId: number, reason: string, at: number): void {
    this.#sql.run(KILL_DELIVERY, reason, at, deliveryId)
  }

  /** Puts a dead delivery back in its queue. @returns false when there is no such dead delivery. */
  replay(destination: string, deliveryId: number, at: number): boolean {
    return this.#sql.run(REPLAY_DELIVERY, at, deliveryId, destination).changes === 1
  }

  dead(destination: string, limit: number): readonly DeadDelivery[] {
    return this.#sql.all(SELECT_DEAD_DELIVERIES, destination, limit)
  }

  /** Pending and dead deliveries for each destination. */
  counts(): readonly { destination: string; state: 'pending' | 'dead'; count: number }[] {
    return this.#sql.all(COUNT_DELIVERIES)
  }

  studyOf(
    deliveryId: number,
  ): { readonly studyId: number; readonly studyPseudonym: string; readonly studyInstanceUid: string } | undefined {
    return this.#sql.get(SELECT_STUDY_OF_DELIVERY, deliveryId)
  }
}
