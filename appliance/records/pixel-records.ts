import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** `held` waits for a person; `released` may leave with the boxes of the person; `refused` never leaves. */
export type PixelReviewState = 'held' | 'released' | 'refused'

/** An object that a person must look at, or has. `proposed` and `boxes` are JSON. */
export interface PixelReviewRow {
  readonly reviewId: number
  readonly instanceId: number
  readonly digest: string
  readonly studyPseudonym: string
  readonly sopClassUid: string
  readonly modality: string
  readonly state: PixelReviewState
  readonly reason: string
  readonly catalogue: string
  readonly proposed: string
  readonly boxes: string | null
  readonly decidedBy: string | null
  readonly decisionReason: string | null
  readonly heldAt: number
  readonly decidedAt: number | null
}

/** What is written when an object is held. */
export interface NewPixelReview {
  readonly instanceId: number
  readonly studyId: number
  readonly reason: string
  readonly catalogue: string
  readonly proposed: string
}

const COLUMNS = `r.review_id AS reviewId, r.instance_id AS instanceId, i.digest, s.study_pseudonym AS studyPseudonym,
  i.sop_class_uid AS sopClassUid, coalesce(i.modality, '') AS modality, r.state, r.reason, r.catalogue, r.proposed, r.boxes, r.decided_by AS decidedBy,
  r.decision_reason AS decisionReason, r.held_at AS heldAt, r.decided_at AS decidedAt
FROM pixel_review r JOIN instance i ON i.instance_id = r.instance_id JOIN study s ON s.study_id = r.study_id`
export const SELECT_PIXEL_REVIEWS = `SELECT ${COLUMNS} WHERE r.state = ? ORDER BY r.held_at DESC LIMIT ?`
export const SELECT_PIXEL_REVIEW = `SELECT ${COLUMNS} WHERE r.review_id = ?`
export const SELECT_REVIEW_OF_INSTANCE = `SELECT ${COLUMNS} WHERE r.instance_id = ?`
/** What a person decided stays: only an object that still waits is held for another reason. */
export const HOLD_PIXELS = `
INSERT INTO pixel_review (instance_id, study_id, state, reason, catalogue, proposed, held_at)
VALUES (?, ?, 'held', ?, ?, ?, ?) ON CONFLICT (instance_id) DO UPDATE SET reason = excluded.reason,
  catalogue = excluded.catalogue, proposed = excluded.proposed WHERE state = 'held'`
export const DECIDE_PIXELS = `
UPDATE pixel_review SET state = ?, boxes = ?, decided_by = ?, decision_reason = ?, decided_at = ?
WHERE review_id = ? AND state = 'held'`
export const INSERT_EGRESS_BLOCK = `
INSERT OR REPLACE INTO egress_block (revision_id, reason, risk_table, blocked_at) VALUES (?, ?, ?, ?)`
export const SELECT_EGRESS_BLOCK = 'SELECT reason FROM egress_block WHERE revision_id = ?'

/** Objects whose pixels a person must look at, and revisions about which nothing leaves. */
export class PixelRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Reviews in a state, newest first. */
  list(state: PixelReviewState, limit: number): readonly PixelReviewRow[] {
    return this.#sql.all(SELECT_PIXEL_REVIEWS, state, limit)
  }

  find(reviewId: number): PixelReviewRow | undefined {
    return this.#sql.get(SELECT_PIXEL_REVIEW, reviewId)
  }

  ofInstance(instanceId: number): PixelReviewRow | undefined {
    return this.#sql.get(SELECT_REVIEW_OF_INSTANCE, instanceId)
  }

  /** An object waits for a person from now on; one that was decided about is left as it is. */
  hold({ instanceId, studyId, reason, catalogue, proposed }: NewPixelReview, at: number): void {
    this.#sql.run(HOLD_PIXELS, instanceId, studyId, reason, catalogue, proposed, at)
  }

  /** Writes down what a person decided. @returns false when nothing waits under this number. */
  decide(
    reviewId: number,
    decision: {
      readonly state: Exclude<PixelReviewState, 'held'>
      /** JSON; null for a refusal. */
      readonly boxes: string | null
      readonly by: string
      readonly reason: string
    },
    at: number,
  ): boolean {
    const { state, boxes, by, reason } = decision
    return this.#sql.run(DECIDE_PIXELS, state, boxes, by, reason, at, reviewId).changes === 1
  }

  /** Nothing about a revision leaves, for this reason. */
  blockEgress(revisionId: number, reason: string, riskTable: string, at: number): void {
    this.#sql.run(INSERT_EGRESS_BLOCK, revisionId, reason, riskTable, at)
  }

  /** Why nothing about a revision leaves, or `undefined`. */
  egressBlock(revisionId: number): string | undefined {
    return this.#sql.get<{ reason: string }>(SELECT_EGRESS_BLOCK, revisionId)?.reason
  }
}
