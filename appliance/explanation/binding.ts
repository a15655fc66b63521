import type { ExplainedResult, ExplanationRow } from '../records/index.ts'
import { type Explanation, openExplanation } from './content.ts'
import { ExplanationError } from './errors.ts'

/** What somebody is about to lay an explanation over; what is left out is not asked. */
export interface ShownImage {
  readonly instance?: number | undefined
  readonly frame?: number | undefined
  readonly code?: string | undefined
  /** Digest of the model. */
  readonly model?: string | undefined
  /** SHA-256 of the frame's stored values. */
  readonly pixels?: string | undefined
}

/**
 * Opens an explanation only when it belongs to the result as the record has it now, and to what is shown.
 * @param result of the row; `undefined` when it is gone.
 * @throws {ExplanationError} `explanation-tampered`, `explanation-mismatch` (its `detail` says what differs),
 * `explanation-superseded`.
 */
export function openBound(
  row: ExplanationRow,
  result: ExplainedResult | undefined,
  shown: ShownImage = {},
): Explanation {
  const opened = openExplanation(row.content, row.contentDigest)
  const differs = (what: string): never => {
    throw new ExplanationError('explanation-mismatch', what)
  }
  if (opened.resultId !== row.resultId || opened.code !== row.code || opened.asked !== row.method) differs('result')
  if (result === undefined || result.resultId !== opened.resultId) return differs('result')
  if (result.code !== opened.code) differs('code')
  if (result.instanceId !== opened.instanceId) differs('instance')
  if (result.objectDigest !== opened.objectDigest) differs('image')
  if (result.modelDigest !== opened.model.digest) differs('model')
  if (result.isCurrent !== 1) throw new ExplanationError('explanation-superseded')
  if (shown.instance !== undefined && shown.instance !== result.ordinal) differs('instance')
  if (shown.frame !== undefined && shown.frame !== opened.frame) differs('frame')
  if (shown.code !== undefined && shown.code !== opened.code) differs('code')
  if (shown.model !== undefined && shown.model !== opened.model.digest) differs('model')
  if (shown.pixels !== undefined && shown.pixels !== opened.pixelDigest) differs('image')
  return opened
}

/** Where a score made again is the same: rounding of another provider is allowed, another image is not. */
const SAME_SCORE = 1e-3

/** Whether the score that was explained is the score on record. */
export function isSameScore(recorded: number, again: number): boolean {
  return Math.abs(recorded - again) <= SAME_SCORE * Math.max(1, Math.abs(recorded))
}
