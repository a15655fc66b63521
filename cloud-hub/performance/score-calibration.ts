import { auc } from '../training/math/auc.ts'
import { poolAdjacentViolators } from '../training/trainers/calibration/pool-violators.ts'
import { seededNumbers, shuffle } from '../training/trainers/seeded-numbers.ts'
import type { LabelledCase } from './figures.ts'

const BINS = 10
const SPLITS = 10
const TEST_SHARE = 0.1
/** Scores that part the classes this well have no middle that could be calibrated. */
const PERFECT_AREA = 0.999

/** From a score to a probability that never falls. */
export interface ScoreCalibration {
  /** `isotonic` where it lowers the calibration error, `none` where the score already is a probability. */
  readonly method: 'isotonic' | 'none'
  probabilityOf(score: number): number
}

/** The score itself. */
export const UNCALIBRATED: ScoreCalibration = { method: 'none', probabilityOf: (score) => score }

/**
 * Isotonic regression as scikit-learn draws it: flat within a block from its first score to its last, straight from the last
 * of one block to the first of the next, flat beyond the ends. (The calibration that models are exported with joins the
 * middles of blocks instead, because a step would not survive single precision.)
 */
export function isotonicMap(cases: readonly LabelledCase[]): ScoreCalibration {
  const blocks = poolAdjacentViolators(
    Float64Array.from(cases, (one) => one.score),
    cases.map((one) => one.label),
  )
  const knots: number[] = []
  const levels: number[] = []
  for (const { first, last, share } of blocks) {
    knots.push(first)
    levels.push(share)
    if (last === first) continue
    knots.push(last)
    levels.push(share)
  }
  return { method: 'isotonic', probabilityOf: (score) => interpolate(knots, levels, score) }
}

/**
 * The calibration to estimate with: isotonic when, over ten stratified splits of nine parts to one, it lowers the expected
 * calibration error of the part that it was not fitted on; always where a score lies outside 0..1 and can be no probability.
 * @param seed decides the splits.
 */
export function chooseCalibration(cases: readonly LabelledCase[], seed: number): ScoreCalibration {
  const calibrated = isotonicMap(cases)
  if (cases.some(({ score }) => score < 0 || score > 1)) return calibrated
  const areaUnderCurve = auc(
    cases.map((one) => one.score),
    cases.map((one) => one.label),
  )
  if (areaUnderCurve > PERFECT_AREA) return UNCALIBRATED
  const labels: number[] = []
  const before: number[] = []
  const after: number[] = []
  const numbers = seededNumbers(seed)
  const strata = [0, 1].map((label) => cases.filter((one) => one.label === label))
  for (let split = 0; split < SPLITS; split++) {
    const held: LabelledCase[] = []
    const kept: LabelledCase[] = []
    for (const stratum of strata) {
      const order = Uint32Array.from(stratum, (_, i) => i)
      shuffle(order, numbers)
      const test = Math.max(1, Math.round(stratum.length * TEST_SHARE))
      for (const [place, i] of order.entries()) (place < test ? held : kept).push(stratum[i] as LabelledCase)
    }
    const map = isotonicMap(kept)
    for (const { score, label } of held) {
      labels.push(label)
      before.push(score)
      after.push(map.probabilityOf(score))
    }
  }
  return equalCountError(before, labels) > equalCountError(after, labels) ? calibrated : UNCALIBRATED
}

/** Expected calibration error over ten bins of equal count, in the order of the probabilities. */
export function equalCountError(probabilities: readonly number[], labels: readonly number[]): number {
  const total = probabilities.length
  const order = probabilities.map((_, i) => i).sort((a, b) => (probabilities[a] ?? 0) - (probabilities[b] ?? 0))
  let error = 0
  for (let bin = 0; bin < BINS; bin++) {
    let difference = 0
    for (let i = Math.floor((bin * total) / BINS); i < Math.floor(((bin + 1) * total) / BINS); i++) {
      const row = order[i] ?? 0
      difference += (probabilities[row] ?? 0) - (labels[row] ?? 0)
    }
    error += Math.abs(difference)
  }
  return error / total
}

function interpolate(knots: readonly number[], levels: readonly number[], score: number): number {
  let low = 0
  let high = knots.length - 1
  if (score <= (knots[low] as number)) return levels[low] as number
  if (score >= (knots[high] as number)) return levels[high] as number
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((knots[middle] as number) <= score) low = middle
    else high = middle
  }
  const [x0, x1, y0, y1] = [knots[low], knots[high], levels[low], levels[high]] as [number, number, number, number]
  return y0 + ((y1 - y0) * (score - x0)) / (x1 - x0)
}
