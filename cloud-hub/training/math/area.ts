import { normalCdf, Z95 } from './normal.ts'

/** Whose cases these are, patients numbered from 0, and which of them are positive. */
export interface LabelledCases {
  readonly labels: Uint8Array
  readonly patients: Int32Array
  readonly patientCount: number
}

/** Some of the cases: their numbers by rising score of one model. */
export type RankedCases = Int32Array

/** An estimate with its 95 % interval. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** A difference with its 95 % interval and two-sided p. */
export interface Difference extends Estimate {
  readonly p: number
}

/**
 * The area under the ROC curve of some cases, with how much each patient moves it: sums of placement values less their mean
 * (DeLong 1988; Obuchowski 1997 for patients with several cases).
 */
export interface Area {
  readonly value: number
  readonly positives: number
  readonly negatives: number
  /** By patient: of the patient's positive and of the negative cases. */
  readonly positiveSums: Float64Array
  readonly negativeSums: Float64Array
  /** By patient: number of positive and of negative cases. */
  readonly positiveCases: Int32Array
  readonly negativeCases: Int32Array
}

/** The numbers of all cases by rising score; equal scores in the order of the cases. */
export function ranked(scores: Float64Array): RankedCases {
  const order = Int32Array.from(scores, (_, i) => i)
  return order.sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0) || a - b)
}

/** The patients by number, in the order in which they first come. */
export function numbered(patients: readonly string[]): Pick<LabelledCases, 'patients' | 'patientCount'> {
  const numbers = new Map<string, number>()
  const numbersOf = Int32Array.from(patients, (patient) => {
    const known = numbers.get(patient) ?? numbers.size
    numbers.set(patient, known)
    return known
  })
  return { patients: numbersOf, patientCount: numbers.size }
}

/** One walk over the ranked cases. @returns undefined when a class is empty. */
export function areaOf(
  { labels, patients, patientCount }: LabelledCases,
  scores: Float64Array,
  order: RankedCases,
): Area | undefined {
  let positives = 0
  for (const index of order) positives += labels[index] ?? 0
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return undefined
  const positiveSums = new Float64Array(patientCount)
  const negativeSums = new Float64Array(patientCount)
  const positiveCases = new Int32Array(patientCount)
  const negativeCases = new Int32Array(patientCount)
  let below = { positives: 0, negatives: 0 }
  let total = 0
  for (let begin = 0; begin < order.length; ) {
    const { end, tied } = tieAt(labels, scores, order, begin)
    const tiedNegatives = end - begin - tied
    const ofPositive = (below.negatives + tiedNegatives / 2) / negatives
    const ofNegative = (positives - below.positives - tied / 2) / positives
    total += ofPositive * tied
    for (let place = begin; place < end; place++) {
      const index = order[place] ?? 0
      const patient = patients[index] ?? 0
      if (labels[index] === 1) {
        positiveSums[patient] = (positiveSums[patient] ?? 0) + ofPositive
        positiveCases[patient] = (positiveCases[patient] ?? 0) + 1
      } else {
        negativeSums[patient] = (negativeSums[patient] ?? 0) + ofNegative
        negativeCases[patient] = (negativeCases[patient] ?? 0) + 1
      }
    }
    below = { positives: below.positives + tied, negatives: below.negatives + tiedNegatives }
    begin = end
  }
  const value = total / positives
  for (let patient = 0; patient < patientCount; patient++) {
    positiveSums[patient] = (positiveSums[patient] ?? 0) - value * (positiveCases[patient] ?? 0)
    negativeSums[patient] = (negativeSums[patient] ?? 0) - value * (negativeCases[patient] ?? 0)
  }
  return { value, positives, negatives, positiveSums, negativeSums, positiveCases, negativeCases }
}

/** Where the run of equal scores that begins here ends, and how many positives are in it. */
export function tieAt(
  labels: Uint8Array,
  scores: Float64Array,
  order: RankedCases,
  begin: number,
): { readonly end: number; readonly tied: number } {
  const score = scores[order[begin] ?? 0]
  let end = begin
  let tied = 0
  while (end < order.length && scores[order[end] ?? 0] === score) tied += labels[order[end++] ?? 0] ?? 0
  return { end, tied }
}

/** The area with its 95 % interval, cut to 0..1. */
export function areaEstimate(area: Area): Estimate {
  const half = Z95 * Math.sqrt(covarianceOf(area, area))
  return { value: area.value, low: Math.max(0, area.value - half), high: Math.min(1, area.value + half) }
}

/**
 * First less second, with what patients that are in both say about both. Two models on the same cases: DeLong's paired
 * test; two groups without a common patient: the variances add up.
 */
export function areaDifference(first: Area, second: Area): Difference {
  const variance =
    covarianceOf(first, first) +
    covarianceOf(second, second) -
    covarianceOf(first, second) -
    covarianceOf(second, first)
  return differenceOf(first.value - second.value, Math.sqrt(Math.max(0, variance)))
}

/** A difference that is normally distributed, from its standard error. */
export function differenceOf(value: number, deviation: number): Difference {
  const half = Z95 * deviation
  const p = deviation === 0 ? Number(value === 0) : 2 * (1 - normalCdf(Math.abs(value) / deviation))
  return { value, low: value - half, high: value + half, p: Math.min(1, Math.max(0, p)) }
}

/** Obuchowski's variance for equal arguments, and the covariance of two areas that share patients. */
export function covarianceOf(a: Area, b: Area): number {
  let positive = 0
  let negative = 0
  let mixed = 0
  let withPositives = 0
  let withNegatives = 0
  let all = 0
  for (let patient = 0; patient < a.positiveSums.length; patient++) {
    const hasPositive = (a.positiveCases[patient] ?? 0) > 0 || (b.positiveCases[patient] ?? 0) > 0
    const hasNegative = (a.negativeCases[patient] ?? 0) > 0 || (b.negativeCases[patient] ?? 0) > 0
    withPositives += Number(hasPositive)
    withNegatives += Number(hasNegative)
    all += Number(hasPositive || hasNegative)
    positive += (a.positiveSums[patient] ?? 0) * (b.positiveSums[patient] ?? 0)
    negative += (a.negativeSums[patient] ?? 0) * (b.negativeSums[patient] ?? 0)
    mixed +=
      ((a.positiveSums[patient] ?? 0) * (b.negativeSums[patient] ?? 0)) / (a.positives * b.negatives) +
      ((a.negativeSums[patient] ?? 0) * (b.positiveSums[patient] ?? 0)) / (a.negatives * b.positives)
  }
  return (
    (spread(withPositives) * positive) / (a.positives * b.positives) +
    (spread(withNegatives) * negative) / (a.negatives * b.negatives) +
    spread(all) * mixed
  )
}

/** k / (k - 1); a single patient says nothing about the spread between patients. */
export function spread(patients: number): number {
  return patients < 2 ? 0 : patients / (patients - 1)
}
