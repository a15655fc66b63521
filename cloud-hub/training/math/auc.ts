import { type Area, areaDifference, areaEstimate, areaOf, type Estimate, numbered, ranked } from './area.ts'

/** An estimate with its 95 % interval, all within 0..1. */
export type Interval = Estimate

/** Two models on the same cases: difference of areas (first minus second), its 95 % interval, two-sided p. */
export interface PairedComparison {
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly p: number
}

/**
 * Area under the ROC curve with DeLong's interval (DeLong, DeLong and Clarke-Pearson 1988); with `clusters`, the patient of
 * each case, with Obuchowski's (1997), which counts patients and not cases.
 * @throws {RangeError} when a class has no case.
 */
export function aucWithInterval(
  scores: readonly number[],
  labels: readonly number[],
  clusters: readonly string[] = ownClusters(labels),
): Interval {
  return areaEstimate(area(scores, labels, clusters))
}

/** Area under the ROC curve alone. @throws {RangeError} when a class is empty. */
export function auc(scores: readonly number[], labels: readonly number[]): number {
  return area(scores, labels, ownClusters(labels)).value
}

/** Paired test of two score lists over the same cases, by DeLong, or with `clusters` by Obuchowski. */
export function compareAuc(
  first: readonly number[],
  second: readonly number[],
  labels: readonly number[],
  clusters: readonly string[] = ownClusters(labels),
): PairedComparison {
  const { value, ...rest } = areaDifference(area(first, labels, clusters), area(second, labels, clusters))
  return { difference: value, ...rest }
}

/** Every case is its own patient. */
function ownClusters(labels: readonly number[]): string[] {
  return labels.map((_, i) => String(i))
}

function area(scores: readonly number[], labels: readonly number[], clusters: readonly string[]): Area {
  const columns = Float64Array.from(scores)
  const found = areaOf({ labels: Uint8Array.from(labels), ...numbered(clusters) }, columns, ranked(columns))
  if (found === undefined) throw new RangeError('an area needs cases of both classes')
  return found
}
