import type { Confusion } from '../training/math/calibration.ts'
import { type Figures, figuresOfConfusion, fromHighest, type ScoredCase } from './figures.ts'

/** Figures to expect when each case is positive with its probability, and the confusion matrix that they follow from. */
export interface Expected {
  readonly figures: Figures
  readonly confusion: Confusion
}

/**
 * Confidence-based performance estimation: a case counts to both classes, by its probability.
 * @param probabilities calibrated, one a case, within 0..1.
 */
export function expectedPerformance(cases: readonly ScoredCase[], probabilities: Float64Array): Expected {
  const confusion = { truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 }
  for (const [i, { positive }] of cases.entries()) {
    const probability = probabilities[i] as number
    confusion[positive ? 'truePositive' : 'falseNegative'] += probability
    confusion[positive ? 'falsePositive' : 'trueNegative'] += 1 - probability
  }
  const order = fromHighest(cases.map((one) => one.score))
  const ranked = Float64Array.from(order, (row) => probabilities[row] as number)
  return {
    confusion,
    figures: {
      ...figuresOfConfusion(confusion),
      'roc-auc': expectedArea(ranked),
      'average-precision': expectedAveragePrecision(ranked),
    },
  }
}

/** Area under the curve of expected true against expected false positives. @param ranked probabilities by falling score. */
function expectedArea(ranked: Float64Array): number | null {
  const positives = ranked.reduce((sum, probability) => sum + probability, 0)
  const negatives = ranked.length - positives
  if (!(positives > 0 && negatives > 0)) return null
  let found = 0
  let area = 0
  for (const probability of ranked) {
    area += (1 - probability) * (found + probability / 2)
    found += probability
  }
  return Math.min(1, area / (positives * negatives))
}

function expectedAveragePrecision(ranked: Float64Array): number | null {
  const positives = ranked.reduce((sum, probability) => sum + probability, 0)
  if (!(positives > 0)) return null
  let found = 0
  let sum = 0
  for (const [place, probability] of ranked.entries()) {
    found += probability
    sum += (probability * found) / (place + 1)
  }
  return Math.min(1, sum / positives)
}
