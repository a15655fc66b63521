import type { StoredRow } from '../lake/index.ts'
import { designOf, patientKey, recalibrated } from './cases.ts'
import type { LinearHead } from './head-graph.ts'
import { fitLogistic, logitOfRow, logLoss } from './math/logistic.ts'
import { foldOfPatient } from './partition.ts'

/** Folds of each cross-validation. */
export const FOLDS = 5
/** Cross-validations, each with folds of its own: one alone chooses by chance on a few dozen patients. */
export const REPEATS = 5
/**
 * How firmly the parent's weights are held, from as firmly as an ordinary ridge penalty holds weights at zero to almost
 * entirely. Looser ones are not offered: on the cases of one site they fit chance, and on many cases the firm ones yield.
 */
export const STRENGTHS = [30, 100, 300, 1000, 3000]

/** The strength that was chosen, what was tried, and the mean out-of-fold logit of each row under the chosen one. */
export interface ChosenStrength {
  readonly strength: number
  readonly tried: { strength: number; logLoss: number }[]
  readonly logits: Float64Array
}

/**
 * Chooses how firmly the parent's weights are held, by the log loss of repeated patient-grouped
 * cross-validation.
 * @param progress told the share done, 0 to 1, after each fold.
 */
export function chooseStrength(
  rows: readonly StoredRow[],
  parent: LinearHead,
  seed: string,
  progress: (share: number) => void,
): ChosenStrength {
  const grouped = rows.map((row) => ({ patient: patientKey(row), label: row.label }))
  const losses = STRENGTHS.map(() => new Float64Array(rows.length))
  const logits = STRENGTHS.map(() => new Float64Array(rows.length))
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const folds = foldOfPatient(grouped, FOLDS, `${seed}/${repeat}`)
    const foldOf = grouped.map((one) => folds.get(one.patient) ?? 0)
    for (let fold = 0; fold < FOLDS; fold++) {
      const outside = rows.flatMap((row, i) => (foldOf[i] === fold ? [{ row, i }] : []))
      const inside = rows.filter((_, i) => foldOf[i] !== fold)
      for (const [s, values] of outOfFold(
        inside,
        outside.map(({ row }) => row),
        parent,
      ).entries()) {
        for (const [at, { row, i }] of outside.entries()) {
          add(logits[s], i, (values[at] ?? 0) / REPEATS)
          add(losses[s], i, logLoss(values[at] ?? 0, row.label) / REPEATS)
        }
      }
      progress((repeat * FOLDS + fold + 1) / (REPEATS * FOLDS))
    }
  }
  const tried = STRENGTHS.map((strength, s) => ({ strength, logLoss: meanOf(losses[s] ?? new Float64Array(0)) }))
  // Of equal losses the firmer prior: less is changed without a reason.
  const best = tried.reduce((winner, one) => (one.logLoss <= winner.logLoss ? one : winner))
  return { strength: best.strength, tried, logits: logits[tried.indexOf(best)] ?? new Float64Array(rows.length) }
}

/** Logits of the rows outside, under each strength, by heads fitted on the rows inside. */
function outOfFold(inside: readonly StoredRow[], outside: readonly StoredRow[], parent: LinearHead): number[][] {
  const fitOn = designOf(inside, parent)
  const judged = designOf(outside, parent)
  const result: number[][] = []
  // From firm to loose, each fit starting where the firmer one ended.
  const prior = recalibrated(fitOn, parent)
  let head = prior
  for (const strength of STRENGTHS.toReversed()) {
    head = fitLogistic(fitOn, prior, strength, head)
    const fitted = head
    result.unshift(outside.map((_, at) => logitOfRow(judged, at, fitted)))
  }
  return result
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function add(values: Float64Array | undefined, at: number, amount: number): void {
  if (values !== undefined) values[at] = (values[at] ?? 0) + amount
}
