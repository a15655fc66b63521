import type { EvaluationComparison, EvaluationPoint, EvaluationShare } from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import { wilson } from '../math/calibration.ts'
import type { CaseTable } from './case-table.ts'
import { meanAgainstNothing, meanEstimate, meanOf } from './means.ts'
import { mcnemar, shareDifference } from './paired-shares.ts'

/** Where a model decides. `runningThreshold`: where the running version does, for the comparison. Probabilities. */
export interface OperatingPoint {
  readonly name: string
  readonly threshold: number
  /** How the threshold was found, in words. Never on the cases that are evaluated. */
  readonly chosenBy: string
  readonly runningThreshold?: number
}

interface Counts {
  readonly truePositives: number
  readonly falsePositives: number
  readonly trueNegatives: number
  readonly falseNegatives: number
}

/** Counts decisions: a score at the threshold is positive. */
export function countsAt({ labels }: CaseTable, scores: Float64Array, order: RankedCases, threshold: number): Counts {
  const counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 }
  for (const index of order) {
    if ((scores[index] ?? 0) >= threshold) counts[labels[index] === 1 ? 'truePositives' : 'falsePositives'] += 1
    else counts[labels[index] === 1 ? 'falseNegatives' : 'trueNegatives'] += 1
  }
  return counts
}

/** Everything about one model at one threshold. */
export function pointOf(
  table: CaseTable,
  scores: Float64Array,
  order: RankedCases,
  { name, threshold, chosenBy }: Omit<OperatingPoint, 'runningThreshold'>,
): EvaluationPoint {
  const counts = countsAt(table, scores, order, threshold)
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts
  const benefit = meanOf(table, order, benefitAt(table, scores, threshold))
  return {
    name,
    threshold,
    chosenBy,
    ...counts,
    sensitivity: share(truePositives, truePositives + falseNegatives),
    specificity: share(trueNegatives, trueNegatives + falsePositives),
    positivePredictiveValue: share(truePositives, truePositives + falsePositives),
    negativePredictiveValue: share(trueNegatives, trueNegatives + falseNegatives),
    netBenefit: benefit === undefined || threshold >= 1 ? null : meanEstimate(benefit),
  }
}

/** Wilson's interval with its n; null of nothing. */
export function share(successes: number, n: number): EvaluationShare | null {
  return n === 0 ? null : { ...wilson(successes, n), n }
}

/** Both models at their own thresholds on the same cases. */
export function comparePoint(
  table: CaseTable,
  running: Float64Array,
  order: RankedCases,
  { name, threshold, runningThreshold = threshold }: OperatingPoint,
): EvaluationComparison['points'][number] {
  const { labels, scores } = table
  const paired = (label: 0 | 1): EvaluationComparison['points'][number]['sensitivity'] => {
    const members = order.filter((index) => labels[index] === label)
    const right = (of: Float64Array, at: number, index: number): boolean => (of[index] ?? 0) >= at === (label === 1)
    let onlyCandidate = 0
    let onlyRunning = 0
    for (const index of members) {
      const [first, second] = [right(scores, threshold, index), right(running, runningThreshold, index)]
      onlyCandidate += Number(first && !second)
      onlyRunning += Number(second && !first)
    }
    const difference = shareDifference(table, members, (index) => {
      return Number(right(scores, threshold, index)) - Number(right(running, runningThreshold, index))
    })
    if (difference === undefined) return null
    return { ...difference, p: mcnemar(onlyCandidate, onlyRunning), n: members.length, onlyCandidate, onlyRunning }
  }
  // Net benefits are comparable at one price of a false alarm only: that of the candidate's threshold.
  const price = threshold / (1 - threshold)
  const benefit = meanOf(table, order, (index) => {
    const worth = labels[index] === 1 ? 1 : -price
    const decided = Number((scores[index] ?? 0) >= threshold) - Number((running[index] ?? 0) >= runningThreshold)
    return decided * worth
  })
  return {
    name,
    threshold,
    runningThreshold,
    sensitivity: paired(1),
    specificity: paired(0),
    netBenefit: benefit === undefined || threshold >= 1 ? null : meanAgainstNothing(benefit),
  }
}

function benefitAt({ labels }: CaseTable, scores: Float64Array, threshold: number): (index: number) => number {
  const price = threshold / (1 - threshold)
  return (index) => ((scores[index] ?? 0) < threshold ? 0 : labels[index] === 1 ? 1 : -price)
}
