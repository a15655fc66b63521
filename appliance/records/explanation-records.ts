import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** An explanation as it is kept, with what the record says now of the result that it belongs to. */
export interface ExplanationRow {
  readonly explanationId: number
  readonly resultId: number
  readonly code: string
  readonly method: 'occlusion' | 'attribution'
  readonly content: Uint8Array
  readonly contentDigest: string
  readonly madeBy: string
  readonly madeAt: number
}

/** A score that can be explained: whose it is, what made it, and the object that it was made of. */
export interface ExplainedResult {
  readonly resultId: number
  readonly studyId: number
  readonly studyPseudonym: string
  readonly revision: number
  readonly revisionId: number
  /** 1 while neither a later revision, nor a backfill, nor a rejection of the image replaced it. */
  readonly isCurrent: 0 | 1
  readonly ordinal: number
  readonly instanceId: number
  /** SHA-256 of the object as it was received. */
  readonly objectDigest: string
  readonly modelName: string
  readonly modelVersion: string
  readonly modelDigest: string
  readonly code: string
  readonly title: string
  readonly score: number
  readonly thresholdMilli: number
}

/** What is written when an explanation was made. `askedFrame` is null for the frame that speaks most. */
export interface NewExplanation {
  readonly resultId: number
  readonly code: string
  readonly method: 'occlusion' | 'attribution'
  readonly askedFrame: number | null
  readonly content: Uint8Array
  readonly contentDigest: string
  readonly madeBy: string
}

const RESULT = `r.result_id AS resultId, s.study_id AS studyId, s.study_pseudonym AS studyPseudonym, v.number AS revision, v.revision_id AS revisionId,
  v.number = s.current_revision AND v.superseded = 0 AND ri.withdrawn IS NULL AND NOT EXISTS (SELECT 1 FROM result o
    WHERE o.revision_id = r.revision_id AND o.ordinal = r.ordinal AND o.model_name = r.model_name
    AND o.backfill IS NOT NULL AND o.result_id > r.result_id) AS isCurrent, r.ordinal, i.instance_id AS instanceId,
  i.digest AS objectDigest, r.model_name AS modelName, r.model_version AS modelVersion, r.model_digest AS modelDigest,
  c.code, c.title, c.value AS score, c.threshold_milli AS thresholdMilli
FROM result r JOIN score c ON c.result_id = r.result_id JOIN revision v ON v.revision_id = r.revision_id
JOIN study s ON s.study_id = v.study_id
JOIN revision_instance ri ON ri.revision_id = r.revision_id AND ri.ordinal = r.ordinal
JOIN instance i ON i.instance_id = ri.instance_id`
export const SELECT_EXPLAINED_RESULT = `SELECT ${RESULT} WHERE r.result_id = ? AND c.code = ?`
export const FIND_RESULT_TO_EXPLAIN = `
SELECT ${RESULT} WHERE v.study_id = ? AND v.number = s.current_revision AND r.ordinal = ? AND r.model_digest = ? AND c.code = ?`
const ROW = `e.explanation_id AS explanationId, e.result_id AS resultId, e.code, e.method, e.content,
  e.content_digest AS contentDigest, e.made_by AS madeBy, e.made_at AS madeAt FROM explanation e`
export const SELECT_EXPLANATION = `SELECT ${ROW} WHERE e.explanation_id = ?`
export const FIND_EXPLANATION = `
SELECT ${ROW} WHERE e.result_id = ? AND e.code = ? AND e.method = ? AND e.asked_frame = ?`
export const SELECT_STUDY_EXPLANATIONS = `
SELECT ${ROW} JOIN result r ON r.result_id = e.result_id JOIN revision v ON v.revision_id = r.revision_id
WHERE v.study_id = ? ORDER BY v.number DESC, e.explanation_id`
export const PUT_EXPLANATION = `
INSERT INTO explanation (result_id, code, method, asked_frame, content, content_digest, made_by, made_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (result_id, code, method, asked_frame) DO UPDATE SET content = excluded.content,
  content_digest = excluded.content_digest, made_by = excluded.made_by, made_at = excluded.made_at
RETURNING explanation_id AS explanationId`
/** Scores above the operating point without a heat map, of current revisions, in the order in which they were made. */
export const SELECT_UNEXPLAINED = `
SELECT ${RESULT} WHERE r.result_id > ? AND v.superseded = 0 AND v.number = s.current_revision
AND s.study_instance_uid NOT LIKE 'purged:%' AND c.above = 1
AND NOT EXISTS (SELECT 1 FROM explanation e WHERE e.result_id = r.result_id AND e.code = c.code AND e.method = 'occlusion')
ORDER BY r.result_id LIMIT ?`
export const SELECT_NEWEST_RESULT = 'SELECT max(result_id) AS resultId FROM result'

/** Explanations of scores. They identify nobody by themselves, and never leave the box. */
export class ExplanationRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The result and score that an explanation belongs to, whatever has become of it since. */
  resultOf(resultId: number, code: string): ExplainedResult | undefined {
    return this.#sql.get(SELECT_EXPLAINED_RESULT, resultId, code)
  }

  /** A score of the study's current revision. */
  find(studyId: number, ordinal: number, modelDigest: string, code: string): ExplainedResult | undefined {
    return this.#sql.get(FIND_RESULT_TO_EXPLAIN, studyId, ordinal, modelDigest, code)
  }

  read(explanationId: number): ExplanationRow | undefined {
    return this.#sql.get(SELECT_EXPLANATION, explanationId)
  }

  /** One that was made before. */
  made(
    resultId: number,
    code: string,
    method: ExplanationRow['method'],
    askedFrame: number | null,
  ): ExplanationRow | undefined {
    return this.#sql.get(FIND_EXPLANATION, resultId, code, method, askedFrame ?? -1)
  }

  /** Every explanation of a study, those of earlier revisions last. */
  ofStudy(studyId: number): readonly ExplanationRow[] {
    return this.#sql.all(SELECT_STUDY_EXPLANATIONS, studyId)
  }

  /** Keeps an explanation in place of one that was asked for alike. Inside the caller's transaction. @returns its number. */
  put(one: NewExplanation, at: number): number {
    const { resultId, code, method, askedFrame, content, contentDigest, madeBy } = one
    const asked = [resultId, code, method, askedFrame ?? -1] as const
    const row = this.#sql.get<{ explanationId: number }>(PUT_EXPLANATION, ...asked, content, contentDigest, madeBy, at)
    return row?.explanationId ?? 0
  }

  /** Scores above the operating point without a heat map, of results with higher numbers. */
  unexplained(after: number, limit: number): readonly ExplainedResult[] {
    return this.#sql.all(SELECT_UNEXPLAINED, after, limit)
  }

  /** The number of the newest result; 0 before the first. */
  newestResult(): number {
    return this.#sql.get<{ resultId: number | null }>(SELECT_NEWEST_RESULT)?.resultId ?? 0
  }
}
