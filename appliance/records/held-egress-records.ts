import type { StreamName } from '@leadglass/sync-agent/contract'
import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** One batch that waits, or was decided. `decidedBy` is a pseudonym, `operator` or `retention`. */
export interface HeldBatchRow {
  readonly batchId: string
  readonly studyId: number | null
  readonly studyPseudonym: string | null
  readonly state: 'waiting' | 'released' | 'refused'
  readonly openedAt: number
  readonly decidedAt: number | null
  readonly decidedBy: string | null
  readonly reason: string | null
}

/** One body in a batch. `body` is canonical JSON, empty once it was sealed or refused. */
export interface HeldEnvelopeRow {
  readonly heldId: number
  readonly stream: StreamName
  readonly kind: string
  readonly body: string
  readonly digest: string
}

/** How many envelopes went through the hold, by what became of them. */
export interface HeldTotals {
  readonly waiting: number
  readonly released: number
  readonly refused: number
}

export const SELECT_WAITING_BATCH = `
SELECT batch_id AS batchId FROM held_batch WHERE state = 'waiting' AND ifnull(study_id, 0) = ?`
export const SELECT_WAITING_ON_STREAM = `
SELECT 1 FROM held_batch b JOIN held_envelope e ON e.batch_id = b.batch_id
WHERE b.state = 'waiting' AND ifnull(b.study_id, 0) = ? AND e.stream = ? LIMIT 1`
const BATCH_COLUMNS = `b.batch_id AS batchId, b.study_id AS studyId, s.study_pseudonym AS studyPseudonym, b.state,
  b.opened_at AS openedAt, b.decided_at AS decidedAt, b.decided_by AS decidedBy, b.reason`
export const SELECT_BATCH = `
SELECT ${BATCH_COLUMNS} FROM held_batch b LEFT JOIN study s ON s.study_id = b.study_id WHERE b.batch_id = ?`
export const SELECT_BATCHES = `
SELECT ${BATCH_COLUMNS} FROM held_batch b LEFT JOIN study s ON s.study_id = b.study_id
ORDER BY b.state = 'waiting' DESC, coalesce(b.decided_at, b.opened_at) DESC, b.batch_id LIMIT ?`
export const SELECT_HELD_OF_BATCH = `
SELECT held_id AS heldId, stream, kind, body, digest FROM held_envelope WHERE batch_id = ? ORDER BY held_id`
const INSERT_BATCH = "INSERT INTO held_batch (batch_id, study_id, state, opened_at) VALUES (?, ?, 'waiting', ?)"
const INSERT_HELD =
  'INSERT INTO held_envelope (batch_id, stream, kind, body, digest, held_at) VALUES (?, ?, ?, ?, ?, ?)'
const MARK_SEALED = "UPDATE held_envelope SET body = '', epoch = ?, sequence = ? WHERE held_id = ?"
const BLANK_BATCH = "UPDATE held_envelope SET body = '' WHERE batch_id = ?"
const DECIDE = `
UPDATE held_batch SET state = ?, decided_at = ?, decided_by = ?, reason = ? WHERE batch_id = ? AND state = 'waiting'`
const COUNT_WITHHELD = `
INSERT INTO withheld_body (study_id, kind, count) VALUES (?, ?, 1)
ON CONFLICT (study_id, kind) DO UPDATE SET count = count + 1`
const SELECT_WITHHELD = 'SELECT kind, count FROM withheld_body WHERE study_id = ? ORDER BY kind'
const SELECT_TOTALS = `
SELECT b.state, count(*) AS count FROM held_envelope e JOIN held_batch b ON b.batch_id = e.batch_id GROUP BY b.state`

/** Envelopes that wait until a person lets them leave. Every change belongs into the caller's transaction. */
export class HeldEgressRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** True when something of this study waits on this stream. */
  waitsOn(studyId: number, stream: StreamName): boolean {
    return this.#sql.get(SELECT_WAITING_ON_STREAM, studyId, stream) !== undefined
  }

  /** The batch of a study (null: of the site) that waits, if one does. */
  waitingBatch(studyId: number | null): string | undefined {
    return this.#sql.get<{ batchId: string }>(SELECT_WAITING_BATCH, studyId ?? 0)?.batchId
  }

  openBatch(batchId: string, studyId: number | null, at: number): void {
    this.#sql.run(INSERT_BATCH, batchId, studyId, at)
  }

  add(
    batchId: string,
    held: { readonly stream: StreamName; readonly kind: string; readonly body: string; readonly digest: string },
    at: number,
  ): void {
    this.#sql.run(INSERT_HELD, batchId, held.stream, held.kind, held.body, held.digest, at)
  }

  batch(batchId: string): HeldBatchRow | undefined {
    return this.#sql.get(SELECT_BATCH, batchId)
  }

  /** Those that wait first, then the newest decisions. */
  batches(limit: number): readonly HeldBatchRow[] {
    return this.#sql.all(SELECT_BATCHES, limit)
  }

  envelopes(batchId: string): readonly HeldEnvelopeRow[] {
    return this.#sql.all(SELECT_HELD_OF_BATCH, batchId)
  }

  markSealed(heldId: number, epoch: number, sequence: number): void {
    this.#sql.run(MARK_SEALED, epoch, sequence, heldId)
  }

  /** What was refused is not kept: its digest, kind and number are. */
  blank(batchId: string): void {
    this.#sql.run(BLANK_BATCH, batchId)
  }

  /** @returns false when the batch does not wait. */
  decide(batchId: string, state: 'released' | 'refused', by: string, reason: string | null, at: number): boolean {
    return this.#sql.run(DECIDE, state, at, by, reason, batchId).changes === 1
  }

  /** Counts a body that does not leave because its study is of an earlier generation. */
  addWithheld(studyId: number, kind: string): void {
    this.#sql.run(COUNT_WITHHELD, studyId, kind)
  }

  withheld(studyId: number): Readonly<Record<string, number>> {
    const rows = this.#sql.all<{ kind: string; count: number }>(SELECT_WITHHELD, studyId)
    return Object.fromEntries(rows.map((row) => [row.kind, row.count]))
  }

  totals(): HeldTotals {
    const rows = this.#sql.all<{ state: keyof HeldTotals; count: number }>(SELECT_TOTALS)
    const of = (state: keyof HeldTotals): number => rows.find((row) => row.state === state)?.count ?? 0
    return { waiting: of('waiting'), released: of('released'), refused: of('refused') }
  }
}
