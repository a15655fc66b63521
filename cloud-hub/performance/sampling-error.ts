import { type SeededNumbers, seededNumbers } from '../training/trainers/seeded-numbers.ts'
import { averagePrecision, type LabelledCase, type PerformanceMetric } from './figures.ts'

/** Resamples for the one figure whose spread has no closed form. */
const RESAMPLES = 50
const LARGEST_RESAMPLE = 50_000

/** Spread of one figure on the reference. Of n cases the standard error is `deviation / sqrt(n * share)`. */
export interface SpreadOfFigure {
  readonly deviation: number
  /** Share of the cases that the figure is of: all for accuracy, the positive ones for recall. */
  readonly share: number
}
export type Spreads = Readonly<Record<PerformanceMetric, SpreadOfFigure>>

/** Standard error of a figure of n cases by chance alone; null where the reference does not define it. */
export function samplingError({ deviation, share }: SpreadOfFigure, n: number): number | null {
  const error = deviation / Math.sqrt(n * share)
  return Number.isFinite(error) ? error : null
}

/**
 * How much each figure spreads on the reference: standard error of a mean over the cases that the figure is of, of the
 * area as a Mann-Whitney statistic, of average precision by resampling.
 * @param cases of both classes.
 * @param seed of the resamples.
 */
export function spreadsOf(cases: readonly LabelledCase[], seed: number): Spreads {
  const n = cases.length
  const count = (positive: boolean, label: 0 | 1): number =>
    cases.reduce((sum, one) => sum + Number(one.positive === positive && one.label === label), 0)
  const [tp, fp, tn, fn] = [count(true, 1), count(true, 0), count(false, 0), count(false, 1)]
  const relevant = tp + fp + fn
  return {
    'roc-auc': spreadOfArea(cases),
    'average-precision': spreadOfAveragePrecision(cases, seededNumbers(seed)),
    f1: { deviation: (binary(tp, relevant) * relevant) / (tp + (fp + fn) / 2), share: relevant / n },
    precision: { deviation: binary(tp, tp + fp), share: (tp + fp) / n },
    recall: { deviation: binary(tp, tp + fn), share: (tp + fn) / n },
    specificity: { deviation: binary(tn, tn + fp), share: (tn + fp) / n },
    accuracy: { deviation: binary(tp + tn, n), share: 1 },
  }
}

/** Standard deviation of `total` zeros and ones, `ones` of them one. */
function binary(ones: number, total: number): number {
  return Math.sqrt((ones / total) * (1 - ones / total))
}

/** Spread of the share of the larger class below each case of the smaller; half of those with the same score. */
function spreadOfArea(cases: readonly LabelledCase[]): SpreadOfFigure {
  const positives = cases.filter((one) => one.label === 1).length
  const flipped = positives > cases.length / 2
  const rare = flipped ? cases.length - positives : positives
  const ordered = cases
    .map(({ score, label }) => ({ score: flipped ? -score : score, rare: (label === 1) !== flipped }))
    .sort((a, b) => a.score - b.score)
  const placements: number[] = []
  let below = 0
  for (let begin = 0; begin < ordered.length; ) {
    let end = begin
    let same = 0
    for (; end < ordered.length && ordered[end]?.score === ordered[begin]?.score; end++) {
      if (ordered[end]?.rare === false) same += 1
    }
    for (let i = begin; i < end; i++) {
      if (ordered[i]?.rare === true) placements.push((below + same / 2) / (cases.length - rare))
    }
    below += same
    begin = end
  }
  return { deviation: deviationOf(placements), share: rare / cases.length }
}

function spreadOfAveragePrecision(cases: readonly LabelledCase[], numbers: SeededNumbers): SpreadOfFigure {
  const size = Math.min(cases.length >> 1, LARGEST_RESAMPLE)
  const results: number[] = []
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn = Array.from({ length: size }, () => cases[numbers.below(cases.length)] as LabelledCase)
    if (!drawn.some((one) => one.label === 1)) continue
    results.push(
      averagePrecision(
        drawn.map((one) => one.score),
        drawn.map((one) => one.label),
      ),
    )
  }
  return { deviation: deviationOf(results), share: 1 / size }
}

/** Standard deviation over the whole list (n, not n - 1). */
export function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
