import type { Interval } from './auc.ts'
import { Z95 } from './normal.ts'

const CALIBRATION_BINS = 10

/** Cases on either side of an operating point. */
export interface Confusion {
  readonly truePositive: number
  readonly falsePositive: number
  readonly trueNegative: number
  readonly falseNegative: number
}

/** Wilson's 95 % interval of a share. `total` must be above 0. */
export function wilson(successes: number, total: number): Interval {
  const share = successes / total
  const z2 = Z95 * Z95
  const centre = (share + z2 / (2 * total)) / (1 + z2 / total)
  const half = (Z95 / (1 + z2 / total)) * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total * total))
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** Counts cases; a score at the threshold is positive. */
export function confusionAt(scores: readonly number[], labels: readonly number[], threshold: number): Confusion {
  const counts = { truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 }
  for (const [i, score] of scores.entries()) {
    if (score >= threshold) counts[labels[i] === 1 ? 'truePositive' : 'falsePositive'] += 1
    else counts[labels[i] === 1 ? 'falseNegative' : 'trueNegative'] += 1
  }
  return counts
}

/** Expected calibration error over ten bins of equal width. */
export function expectedCalibrationError(scores: readonly number[], labels: readonly number[]): number {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ score: 0, label: 0 }))
  for (const [i, score] of scores.entries()) {
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.floor(score * CALIBRATION_BINS))]
    if (bin === undefined) continue
    bin.score += score
    bin.label += labels[i] ?? 0
  }
  return bins.reduce((sum, bin) => sum + Math.abs(bin.score - bin.label), 0) / scores.length
}

/**
 * The threshold, in thousandths, with the largest Youden index (sensitivity + specificity - 1); of equal ones the
 * highest. Needs cases of both classes.
 */
export function youdenThresholdMilli(scores: readonly number[], labels: readonly number[]): number {
  const positives = labels.filter((label) => label === 1).length
  const negatives = labels.length - positives
  let best = { milli: 500, index: Number.NEGATIVE_INFINITY }
  for (let milli = 1; milli < 1000; milli++) {
    const counts = confusionAt(scores, labels, milli / 1000)
    const index = counts.truePositive / positives + counts.trueNegative / negatives - 1
    if (index >= best.index) best = { milli, index }
  }
  return best.milli
}
