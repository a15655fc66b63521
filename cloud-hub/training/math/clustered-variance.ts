/** Placement values of the cases of one class, and whose case each is. */
export interface Placements {
  readonly values: readonly number[]
  readonly clusters: readonly string[]
}

/**
 * Variance of an area under the curve, or of the difference of two, when cases of one patient belong together
 * (Obuchowski 1997). With one case a patient it is DeLong's variance.
 * @param mean the area, or the difference: what both lists of placement values average to.
 */
export function clusteredVariance(positive: Placements, negative: Placements, mean: number): number {
  const m = positive.values.length
  const n = negative.values.length
  const x = sumsByCluster(positive, mean)
  const y = sumsByCluster(negative, mean)
  const all = new Set([...x.keys(), ...y.keys()])
  const both = [...all].reduce((sum, cluster) => sum + (x.get(cluster) ?? 0) * (y.get(cluster) ?? 0), 0)
  const s10 = (correction(x.size) / m) * squares(x)
  const s01 = (correction(y.size) / n) * squares(y)
  const s11 = correction(all.size) * both
  return Math.max(0, s10 / m + s01 / n + (2 * s11) / (m * n))
}

/** For each patient the sum of (value - mean) over the patient's cases. */
function sumsByCluster({ values, clusters }: Placements, mean: number): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [i, value] of values.entries()) {
    const cluster = clusters[i] ?? ''
    sums.set(cluster, (sums.get(cluster) ?? 0) + value - mean)
  }
  return sums
}

function squares(sums: ReadonlyMap<string, number>): number {
  return [...sums.values()].reduce((total, sum) => total + sum * sum, 0)
}

/** k / (k - 1); a single patient says nothing about the spread between patients. */
function correction(clusters: number): number {
  return clusters < 2 ? 0 : clusters / (clusters - 1)
}
