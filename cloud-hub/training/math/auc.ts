import { normalCdf, Z95 } from './normal.ts'

/** An estimate with its 95 % interval, all within 0..1. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Two models on the same cases: difference of areas (first minus second), its 95 % interval, two-sided p. */
export interface PairedComparison {
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly p: number
}

/**
 * Area under the ROC curve with DeLong's interval (DeLong, DeLong and Clarke-Pearson 1988, by the midranks of Sun and Xu
 * 2014). Cases are taken as independent.
 * @throws {RangeError} when a class has fewer than two cases.
 */
export function aucWithInterval(scores: readonly number[], labels: readonly number[]): Interval {
  const parts = structural(scores, labels)
  const deviation = Math.sqrt(
    variance(parts.positive) / parts.positive.length + variance(parts.negative) / parts.negative.length,
  )
  return {
    value: parts.auc,
    low: Math.max(0, parts.auc - Z95 * deviation),
    high: Math.min(1, parts.auc + Z95 * deviation),
  }
}

/** Area under the ROC curve alone. @throws {RangeError} when a class is empty. */
export function auc(scores: readonly number[], labels: readonly number[]): number {
  return structural(scores, labels).auc
}

/** DeLong's paired test of two score lists over the same cases. */
export function compareAuc(
  first: readonly number[],
  second: readonly number[],
  labels: readonly number[],
): PairedComparison {
  const a = structural(first, labels)
  const b = structural(second, labels)
  const difference = a.auc - b.auc
  const positive = a.positive.map((value, i) => value - (b.positive[i] ?? 0))
  const negative = a.negative.map((value, i) => value - (b.negative[i] ?? 0))
  const deviation = Math.sqrt(variance(positive) / positive.length + variance(negative) / negative.length)
  const p = deviation === 0 ? Number(difference === 0) : 2 * (1 - normalCdf(Math.abs(difference) / deviation))
  return { difference, low: difference - Z95 * deviation, high: difference + Z95 * deviation, p }
}

interface Structural {
  readonly auc: number
  /** V10: for each positive the share of negatives below it. */
  readonly positive: readonly number[]
  /** V01: for each negative the share of positives above it. */
  readonly negative: readonly number[]
}

function structural(scores: readonly number[], labels: readonly number[]): Structural {
  const positives = scores.filter((_, i) => labels[i] === 1)
  const negatives = scores.filter((_, i) => labels[i] !== 1)
  const m = positives.length
  const n = negatives.length
  if (m === 0 || n === 0) throw new RangeError('an area needs cases of both classes')
  const all = midranks([...positives, ...negatives])
  const withinPositive = midranks(positives)
  const withinNegative = midranks(negatives)
  const positive = withinPositive.map((rank, i) => ((all[i] ?? 0) - rank) / n)
  const negative = withinNegative.map((rank, i) => 1 - ((all[m + i] ?? 0) - rank) / m)
  return { auc: positive.reduce((sum, value) => sum + value, 0) / m, positive, negative }
}

function midranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  const ranks = new Array<number>(values.length)
  for (let begin = 0; begin < order.length; ) {
    let end = begin
    while (end < order.length && values[order[end] ?? 0] === values[order[begin] ?? 0]) end += 1
    for (let i = begin; i < end; i++) ranks[order[i] ?? 0] = (begin + end + 1) / 2
    begin = end
  }
  return ranks
}

/** Unbiased variance; 0 for a single value. */
function variance(values: readonly number[]): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}
