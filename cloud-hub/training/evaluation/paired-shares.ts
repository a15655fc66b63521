import type { EvaluationEstimate, EvaluationShare } from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import type { CaseTable } from './case-table.ts'
import { meanEstimate, meanOf } from './means.ts'

/**
 * McNemar's exact two-sided p: of the cases on which exactly one of two models is right, how unlikely is it that they part
 * so unevenly by chance (binomial, one half).
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond
  const fewer = Math.min(onlyFirst, onlySecond)
  let logTerm = -n * Math.LN2
  let tail = Math.exp(logTerm)
  for (let k = 1; k <= fewer; k++) {
    logTerm += Math.log((n - k + 1) / k)
    tail += Math.exp(logTerm)
  }
  return Math.min(1, 2 * tail)
}

/** Mean of a paired difference of decisions (-1, 0, 1), patients as clusters, cut to -1..1. @returns undefined of no case. */
export function shareDifference(
  table: CaseTable,
  order: RankedCases,
  difference: (index: number) => number,
): EvaluationEstimate | undefined {
  const mean = meanOf(table, order, difference)
  if (mean === undefined) return undefined
  const { value, low, high } = meanEstimate(mean)
  return { value, low: Math.max(-1, low), high: Math.min(1, high) }
}

/** Difference of two shares of different cases: Newcombe's hybrid score interval (1998, method 10). */
export function newcombe(first: EvaluationShare, second: EvaluationShare): EvaluationEstimate {
  const value = first.value - second.value
  const below = Math.hypot(first.value - first.low, second.high - second.value)
  const above = Math.hypot(first.high - first.value, second.value - second.low)
  return { value, low: Math.max(-1, value - below), high: Math.min(1, value + above) }
}
