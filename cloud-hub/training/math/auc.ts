import { clusteredVariance, type Placements } from './clustered-variance.ts'
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
 * 2014); with `clusters`, the patient of each case, with Obuchowski's (1997), which counts patients and not cases.
 * @throws {RangeError} when a class has no case.
 */
export function aucWithInterval(
  scores: readonly number[],
  labels: readonly number[],
  clusters: readonly string[] = ownClusters(labels),
): Interval {
  const parts = structural(scores, labels)
  const deviation = Math.sqrt(
    clusteredVariance(...byClass(parts.positive, parts.negative, labels, clusters), parts.auc),
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

/** Paired test of two score lists over the same cases, by DeLong, or with `clusters` by Obuchowski. */
export function compareAuc(
  first: readonly number[],
  second: readonly number[],
  labels: readonly number[],
  clusters: readonly string[] = ownClusters(labels),
): PairedComparison {
  const a = structural(first, labels)
  const b = structural(second, labels)
  const difference = a.auc - b.auc
  const positive = a.positive.map((value, i) => value - (b.positive[i] ?? 0))
  const negative = a.negative.map((value, i) => value - (b.negative[i] ?? 0))
  const deviation = Math.sqrt(clusteredVariance(...byClass(positive, negative, labels, clusters), difference))
  const p = deviation === 0 ? Number(difference === 0) : 2 * (1 - normalCdf(Math.abs(difference) / deviation))
  return { difference, low: difference - Z95 * deviation, high: difference + Z95 * deviation, p }
}

/** Every case is its own patient. */
function ownClusters(labels: readonly number[]): string[] {
  return labels.map((_, i) => String(i))
}

function byClass(
  positive: readonly number[],
  negative: readonly number[],
  labels: readonly number[],
  clusters: readonly string[],
): [Placements, Placements] {
  return [
    { values: positive, clusters: clusters.filter((_, i) => labels[i] === 1) },
    { values: negative, clusters: clusters.filter((_, i) => labels[i] !== 1) },
  ]
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
