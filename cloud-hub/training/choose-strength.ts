import type { StoredRow } from '../lake/index.ts'
import { designOf, patientKey } from './cases.ts'
import type { LinearHead } from './head-graph.ts'
import { fitLogistic, type LinearWeights, logitOfRow, logLoss } from './math/logistic.ts'
import { foldOfPatient } from './partition.ts'

/** Folds of each cross-validation. */
export const FOLDS = 5
/** Cross-validations, each with folds of its own: one alone chooses by chance on a few dozen patients. */
const REPEATS = 5
/** How firmly the parent's weights are held, from hardly to almost entirely. */
const STRENGTHS = [0.1, 1, 10, 100, 1000, 10_000]

/** The strength that was chosen, what was tried, and the mean out-of-fold logit of each row under the chosen one. */
export interface ChosenStrength {
  readonly strength: number
  readonly tried: { strength: number; logLoss: number }[]
  readonly logits: Float64Array
}

/**
 * Chooses how firmly the parent's weights are held, by repeated patient-grouped cross-validation and the
 * one-standard-error rule.
 * @param progress told the share done, 0 to 1, after each fold.
 */
export function chooseStrength(
  rows: readonly StoredRow[],
  parent: LinearHead,
  prior: LinearWeights,
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
        prior,
      ).entries()) {
        for (const [at, { row, i }] of outside.entries()) {
          add(logits[s], i, (values[at] ?? 0) / REPEATS)
          add(losses[s], i, logLoss(values[at] ?? 0, row.label) / REPEATS)
        }
      }
      progress((repeat * FOLDS + fold + 1) / (REPEATS * FOLDS))
    }
  }
  const patients = grouped.map((one) => one.patient)
  const chosen = firmestWithinOneError(losses, patients)
  return {
    strength: STRENGTHS[chosen] ?? 1,
    tried: STRENGTHS.map((strength, s) => ({ strength, logLoss: meanOf(losses[s] ?? new Float64Array(0)) })),
    logits: logits[chosen] ?? new Float64Array(rows.length),
  }
}

/** Logits of the rows outside, under each strength, by heads fitted on the rows inside. */
function outOfFold(
  inside: readonly StoredRow[],
  outside: readonly StoredRow[],
  parent: LinearHead,
  prior: LinearWeights,
): number[][] {
  const fitOn = designOf(inside, parent)
  const judged = designOf(outside, parent)
  const result: number[][] = []
  // From firm to loose, each fit starting where the firmer one ended.
  let head = prior
  for (const strength of STRENGTHS.toReversed()) {
    head = fitLogistic(fitOn, prior, strength, head)
    const fitted = head
    result.unshift(outside.map((_, at) => logitOfRow(judged, at, fitted)))
  }
  return result
}

/**
 * The one-standard-error rule (Breiman et al. 1984, 3.4.3), paired and with patients as clusters: of all strengths the
 * firmest whose cross-validated loss is not above the best by more than the standard error of that difference. A head
 * that leaves its parent must have a reason that is larger than chance.
 * @param losses for each strength, from loose to firm, the loss of every case.
 * @returns the index of the strength.
 */
export function firmestWithinOneError(losses: readonly Float64Array[], patients: readonly string[]): number {
  const means = losses.map(meanOf)
  const best = means.indexOf(Math.min(...means))
  for (let s = losses.length - 1; s > best; s--) {
    const differences = Float64Array.from(losses[s] ?? [], (loss, i) => loss - (losses[best]?.[i] ?? 0))
    if (meanOf(differences) <= standardError(differences, patients)) return s
  }
  return best
}

/** Standard error of a mean over cases of which those of one patient belong together. */
function standardError(values: Float64Array, patients: readonly string[]): number {
  const mean = meanOf(values)
  const sums = new Map<string, number>()
  for (const [i, value] of values.entries()) {
    const patient = patients[i] ?? ''
    sums.set(patient, (sums.get(patient) ?? 0) + value - mean)
  }
  const squares = [...sums.values()].reduce((total, sum) => total + sum * sum, 0)
  return sums.size < 2 ? 0 : Math.sqrt((squares * sums.size) / (sums.size - 1)) / values.length
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function add(values: Float64Array | undefined, at: number, amount: number): void {
  if (values !== undefined) values[at] = (values[at] ?? 0) + amount
}
