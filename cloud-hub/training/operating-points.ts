import { type DeclaredGates, POINT_IN_USE, type PointRule } from '@leadglass/models'
import type { OperatingPoint } from './evaluation/index.ts'
import { confusionAt } from './math/calibration.ts'

/** Scores and labels of the training part: of the candidate by models that had not seen the patient, and of the parent. */
export interface ScoresToChooseBy {
  readonly candidate: readonly number[]
  readonly parent: readonly number[]
  readonly labels: readonly number[]
}

/** The operating point in use of the candidate and of its parent, as probabilities. */
export interface PointsInUse {
  readonly candidate: number
  readonly parent: number
  readonly chosenBy: string
}

/**
 * The operating points to evaluate: the one in use, then those that the package declares. Rules choose on the training part
 * only, for either model by its own scores; without such scores the choice that came with the head is taken, and a point
 * without either is left out.
 */
export function operatingPointsOf(
  declared: DeclaredGates['operatingPoints'],
  inUse: PointsInUse,
  scores: ScoresToChooseBy | undefined,
  chosenElsewhere: readonly Pick<OperatingPoint, 'name' | 'threshold' | 'runningThreshold'>[] = [],
): readonly OperatingPoint[] {
  const first = {
    name: POINT_IN_USE,
    threshold: inUse.candidate,
    runningThreshold: inUse.parent,
    chosenBy: inUse.chosenBy,
  }
  return [
    first,
    ...declared.flatMap(({ name, rule }): OperatingPoint[] => {
      if (rule.kind === 'threshold') {
        const threshold = rule.milli / 1000
        return [{ name, threshold, runningThreshold: threshold, chosenBy: 'fixed by the package' }]
      }
      const wanted = rule.kind === 'sensitivity-at-least' ? 'sensitivity' : 'specificity'
      const chosenBy = `${wanted} of ${rule.share} on the training part`
      if (scores === undefined) {
        const found = chosenElsewhere.find((one) => one.name === name)
        return found === undefined ? [] : [{ ...found, chosenBy }]
      }
      const threshold = thresholdBy(rule, scores.candidate, scores.labels)
      const runningThreshold = thresholdBy(rule, scores.parent, scores.labels)
      return [{ name, threshold, runningThreshold, chosenBy }]
    }),
  ]
}

/**
 * The threshold, in whole thousandths, that a rule asks for: the highest that keeps the sensitivity, the lowest that keeps
 * the specificity. A share that no threshold reaches gives the one that comes nearest.
 */
export function thresholdBy(
  rule: Exclude<PointRule, { readonly kind: 'threshold' }>,
  scores: readonly number[],
  labels: readonly number[],
): number {
  const keeps = (milli: number): boolean => {
    const { truePositive, falseNegative, trueNegative, falsePositive } = confusionAt(scores, labels, milli / 1000)
    return rule.kind === 'sensitivity-at-least'
      ? truePositive >= rule.share * (truePositive + falseNegative)
      : trueNegative >= rule.share * (trueNegative + falsePositive)
  }
  // Sensitivity falls and specificity rises with the threshold, so the boundary is found by halving.
  const rising = rule.kind === 'specificity-at-least'
  let [low, high] = [1, 999]
  while (low < high) {
    const middle = rising ? (low + high) >> 1 : (low + high + 1) >> 1
    if (rising === keeps(middle)) {
      if (rising) high = middle
      else high = middle - 1
    } else if (rising) low = middle + 1
    else low = middle
  }
  return low / 1000
}
