import type { EvaluationDifference, EvaluationEstimate } from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import { differenceOf, spread } from '../math/area.ts'
import { Z95 } from '../math/normal.ts'
import type { CaseTable } from './case-table.ts'

/** The mean of a figure over some cases, and what each patient adds to its error. */
export interface Mean {
  readonly value: number
  readonly n: number
  /** By patient: the sum of (figure - mean), over n. */
  readonly influence: Float64Array
  readonly patients: number
}

/** @returns undefined of no case. */
export function meanOf(
  { patients, patientCount }: CaseTable,
  order: RankedCases,
  figure: (index: number) => number,
): Mean | undefined {
  const n = order.length
  if (n === 0) return undefined
  let total = 0
  const cases = new Int32Array(patientCount)
  const influence = new Float64Array(patientCount)
  for (const index of order) {
    const patient = patients[index] ?? 0
    const one = figure(index)
    total += one
    cases[patient] = (cases[patient] ?? 0) + 1
    influence[patient] = (influence[patient] ?? 0) + one
  }
  const value = total / n
  let known = 0
  for (let patient = 0; patient < patientCount; patient++) {
    const here = cases[patient] ?? 0
    known += Number(here > 0)
    influence[patient] = ((influence[patient] ?? 0) - here * value) / n
  }
  return { value, n, influence, patients: known }
}

/** With its 95 % interval, patients as clusters. */
export function meanEstimate(mean: Mean): EvaluationEstimate {
  const half = Z95 * deviationOf(mean)
  return { value: mean.value, low: mean.value - half, high: mean.value + half }
}

/** The mean of a paired difference with its test against nothing. */
export function meanAgainstNothing(mean: Mean): EvaluationDifference {
  return differenceOf(mean.value, deviationOf(mean))
}

/** Means of two parts of the cases: patients that are in both count once. */
export function meanDifference(first: Mean, second: Mean): EvaluationDifference {
  let sum = 0
  let patients = 0
  for (const [patient, one] of first.influence.entries()) {
    const difference = one - (second.influence[patient] ?? 0)
    patients += Number(difference !== 0)
    sum += difference * difference
  }
  return differenceOf(first.value - second.value, Math.sqrt(spread(patients) * sum))
}

function deviationOf({ influence, patients }: Mean): number {
  let sum = 0
  for (const one of influence) sum += one * one
  return Math.sqrt(spread(patients) * sum)
}
