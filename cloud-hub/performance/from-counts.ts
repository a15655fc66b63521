import { type Figures, figuresOfConfusion } from './figures.ts'
import type { ScoreCalibration } from './score-calibration.ts'

/** Studies of a bin of scores: those in [low, high). An open-ended bin has an infinite edge. */
export interface ScoreBin {
  readonly low: number
  readonly high: number
  readonly count: number
}

/** Figures that follow from a confusion matrix; what needs the order of single scores cannot be bounded from counts. */
type BoundedFigures = Omit<Figures, 'roc-auc' | 'average-precision'>
/** Between these the estimate lies, wherever in its bin each score was. */
export type FigureBounds = Readonly<
  Record<keyof BoundedFigures, { readonly low: number; readonly high: number } | null>
>

/**
 * What would be estimated from single scores, from counts of them: bounds that hold for every placement of the scores in
 * their bins. A calibration never falls, so a bin's probabilities lie between those of its edges; each figure is monotone in
 * the probabilities of either side of the threshold and in how many cases of the threshold's own bin are on which side, so
 * its extremes are at the corners.
 * @returns undefined without a case.
 */
export function boundsFromCounts(
  bins: readonly ScoreBin[],
  threshold: number,
  calibration: ScoreCalibration,
): FigureBounds | undefined {
  const filled = bins.filter((bin) => bin.count > 0)
  if (filled.length === 0) return undefined
  const corners = [true, false].flatMap((best) =>
    [true, false].map((thresholdBinAbove) => corner(filled, { threshold, calibration, best, thresholdBinAbove })),
  )
  const metrics = ['f1', 'precision', 'recall', 'specificity', 'accuracy'] as const
  const bounds = metrics.map((metric) => {
    const values = corners.flatMap((one) => one[metric] ?? [])
    return [metric, values.length < corners.length ? null : { low: Math.min(...values), high: Math.max(...values) }]
  })
  return Object.fromEntries(bounds) as FigureBounds
}

function corner(
  bins: readonly ScoreBin[],
  at: {
    readonly threshold: number
    readonly calibration: ScoreCalibration
    readonly best: boolean
    readonly thresholdBinAbove: boolean
  },
): BoundedFigures {
  const confusion = { truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 }
  for (const { low, high, count } of bins) {
    const above = low >= at.threshold || (high > at.threshold && at.thresholdBinAbove)
    const edge = above === at.best ? high : low
    const probability = Math.min(1, Math.max(0, at.calibration.probabilityOf(edge)))
    confusion[above ? 'truePositive' : 'falseNegative'] += count * probability
    confusion[above ? 'falsePositive' : 'trueNegative'] += count * (1 - probability)
  }
  return figuresOfConfusion(confusion)
}
