import { chiSquareTail } from './chi-square.ts'

/** Observations of a cell below which no verdict is given. */
export const DRIFT_MINIMUM = 150
/** A bin that one side never saw counts as this share, so that the index stays finite. */
const EMPTY_SHARE = 1e-4
const STABLE_BELOW = 0.1
const MAJOR_FROM = 0.25
const SIGNIFICANCE = 0.01

/** How a distribution has moved against its reference. Index and test are null when there are too few observations. */
export interface DriftComparison {
  readonly n: number
  readonly psi: number | null
  readonly chiSquareP: number | null
  readonly verdict: 'too-few' | 'stable' | 'moderate' | 'major'
}

/**
 * Compares counts on the same bins: the population stability index as effect size, and Pearson's chi-square test of
 * homogeneity against chance. The index of two samples of one distribution is around (bins - 1)(1/n + 1/m), so an index
 * that the test does not support is no drift.
 * @param reference counts of the model's reference, one a bin.
 * @param observed counts of a site on the same bins.
 */
export function compareDistributions(reference: readonly number[], observed: readonly number[]): DriftComparison {
  const n = total(observed)
  const m = total(reference)
  if (n < DRIFT_MINIMUM || m === 0) return { n, psi: null, chiSquareP: null, verdict: 'too-few' }
  const psi = reference.reduce((sum, count, bin) => {
    const expected = Math.max(count / m, EMPTY_SHARE)
    const actual = Math.max((observed[bin] ?? 0) / n, EMPTY_SHARE)
    return sum + (actual - expected) * Math.log(actual / expected)
  }, 0)
  const chiSquareP = homogeneity(reference, observed)
  return { n, psi, chiSquareP, verdict: verdictOf(psi, chiSquareP) }
}

function verdictOf(psi: number, p: number): DriftComparison['verdict'] {
  if (psi < STABLE_BELOW || p >= SIGNIFICANCE) return 'stable'
  return psi < MAJOR_FROM ? 'moderate' : 'major'
}

function homogeneity(first: readonly number[], second: readonly number[]): number {
  const n = total(first)
  const m = total(second)
  let statistic = 0
  let bins = 0
  for (const [bin, a] of first.entries()) {
    const b = second[bin] ?? 0
    if (a + b === 0) continue
    bins += 1
    const expectedA = ((a + b) * n) / (n + m)
    const expectedB = ((a + b) * m) / (n + m)
    statistic += (a - expectedA) ** 2 / expectedA + (b - expectedB) ** 2 / expectedB
  }
  return bins < 2 ? 1 : chiSquareTail(statistic, bins - 1)
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
