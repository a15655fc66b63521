import { createHash } from 'node:crypto'
import { logLoss } from '../math/logistic.ts'
import { foldOfPatient } from '../partition.ts'
import { calibrationOf, withCalibration } from './calibration/calibrate.ts'
import type { GivenOptions, NewHeadChoice, TrainerRecord } from './choice.ts'
import { candidatesOf, fitNamed } from './named.ts'
import { rowsOf, type TrainingTable } from './table.ts'
import type { FittedModel } from './trainer.ts'

const FOLDS = 5
/** Candidates are compared on at most so many rows, so that the search costs little beside the fit. */
export const MOST_SEARCHED_ROWS = 10_000
/** Probabilities nearer to 0 or 1 than this count as this: one sure mistake must not decide a comparison. */
const LEAST_PROBABILITY = 1e-6

/** A model with everything that was chosen for it. */
export interface ChosenFit {
  readonly model: FittedModel
  /** The calibrated probability of each row by models that were not fitted on its patient. */
  readonly outOfFold: Float64Array
  readonly record: TrainerRecord
}

/**
 * Fits a model of two classes: options by the log loss of group-wise cross-validation, calibration on the scores of the
 * folds, then the fit on all rows. Groups are patients; one is never on both sides.
 * @param seed decides folds, early stopping parts and whatever the trainer draws.
 * @param progress told the share done, 0 to 1.
 * @throws {TrainerError} `options-invalid`, `too-few-cases`.
 */
export function fitChosen(
  table: TrainingTable,
  choice: NewHeadChoice,
  seed: string,
  progress: (share: number) => void = () => undefined,
): ChosenFit {
  const candidates = candidatesOf(choice)
  const searched = partOf(table, MOST_SEARCHED_ROWS, seed)
  const fits = (candidates.length > 1 ? candidates.length * FOLDS : 0) + FOLDS + 1
  let done = 0
  const tick = (): void => progress(++done / fits)
  const tried = candidates.map((options) => ({
    options,
    // With nothing to choose between there is nothing to compare.
    logLoss: candidates.length === 1 ? Number.NaN : lossOf(searched, choice, options, seed, tick),
  }))
  const best = tried.reduce((winner, one) => (one.logLoss < winner.logLoss ? one : winner))
  const folds = outOfFold(table, choice, best.options, seed, tick)
  if (candidates.length === 1) best.logLoss = meanLoss(folds.probabilities, table)
  const fitted = fitNamed(choice.trainer, table, best.options, numberOf(`${seed}/fit`))
  tick()
  const calibration = choice.calibration === 'none' ? undefined : calibrationOf(folds.scores, table, choice.calibration)
  const { history } = fitted
  return {
    model: calibration === undefined ? fitted : withCalibration(fitted, calibration),
    outOfFold: calibration === undefined ? folds.probabilities : folds.scores.map((score) => calibration.apply(score)),
    record: {
      name: choice.trainer,
      calibration: choice.calibration,
      options: best.options,
      candidates: tried,
      folds: FOLDS,
      searchedRows: searched.rows,
      kept: history.kept,
      validationLoss: history.validation[history.kept - 1] ?? null,
    },
  }
}

function lossOf(
  table: TrainingTable,
  choice: NewHeadChoice,
  options: GivenOptions,
  seed: string,
  tick: () => void,
): number {
  return meanLoss(outOfFold(table, choice, options, seed, tick).probabilities, table)
}

interface OutOfFold {
  readonly scores: Float64Array
  readonly probabilities: Float64Array
}

/** Scores and probabilities of each row by the model of the other folds. */
function outOfFold(
  table: TrainingTable,
  { trainer }: NewHeadChoice,
  options: GivenOptions,
  seed: string,
  tick: () => void,
): OutOfFold {
  const scores = new Float64Array(table.rows)
  const probabilities = new Float64Array(table.rows)
  const grouped = Array.from(table.groups, (group, row) => ({
    patient: String(group),
    label: table.labels[row] === 1 ? (1 as const) : (0 as const),
  }))
  const folds = foldOfPatient(grouped, FOLDS, seed)
  const all = Array.from({ length: table.rows }, (_, row) => row)
  for (let fold = 0; fold < FOLDS; fold++) {
    const isOutside = (row: number): boolean => folds.get(String(table.groups[row])) === fold
    const outside = all.filter(isOutside)
    const model = fitNamed(
      trainer,
      rowsOf(
        table,
        all.filter((row) => !isOutside(row)),
      ),
      options,
      numberOf(`${seed}/fold/${fold}`),
    )
    const { values, columns } = rowsOf(table, outside)
    const [given, shares] = [model.scores(values, columns), model.predict(values, columns)]
    for (const [at, row] of outside.entries()) {
      scores[row] = given[at] ?? Number.NaN
      probabilities[row] = shares[at] ?? Number.NaN
    }
    tick()
  }
  return { scores, probabilities }
}

function meanLoss(probabilities: Float64Array, table: TrainingTable): number {
  let [sum, total] = [0, 0]
  for (const [row, probability] of probabilities.entries()) {
    const held = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability))
    const weight = table.weights[row] ?? 0
    sum += weight * logLoss(Math.log(held / (1 - held)), table.labels[row] ?? 0)
    total += weight
  }
  return sum / total
}

/** Whole groups until there are as many rows as wanted, in an order drawn from the seed. */
function partOf(table: TrainingTable, most: number, seed: string): TrainingTable {
  if (table.rows <= most) return table
  const rank = new Map([...new Set(table.groups)].map((group) => [group, numberOf(`${seed}/search/${group}`)]))
  const rows = Array.from({ length: table.rows }, (_, row) => row)
  const ordered = rows.sort((a, b) => {
    const [first, second] = [table.groups[a] ?? 0, table.groups[b] ?? 0]
    return (rank.get(first) ?? 0) - (rank.get(second) ?? 0) || first - second || a - b
  })
  let end = most
  while (end < ordered.length && table.groups[ordered[end] ?? 0] === table.groups[ordered[end - 1] ?? 0]) end += 1
  return rowsOf(
    table,
    ordered.slice(0, end).sort((a, b) => a - b),
  )
}

/** A seed of 31 bits from a text. */
function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) >>> 1
}
