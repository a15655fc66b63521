/** How far two distributions on the same bins are apart. The first six are of the shares, `wasserstein` and `ks` of the order too. */
export interface DistributionMeasures {
  /** Population stability index, over shares of which the empty ones count as 1e-4. */
  readonly psi: number
  /** Kullback-Leibler divergence of the reference from the observed, in nats. */
  readonly kullbackLeibler: number
  /** Jensen-Shannon distance: the root of the divergence, in nats. */
  readonly jensenShannon: number
  readonly hellinger: number
  /** First Wasserstein distance in standard deviations of the reference. */
  readonly wasserstein: number
  /** Largest difference of the distribution functions. */
  readonly ks: number
}

/** What a share that is zero counts as, where a logarithm needs one. */
const EMPTY_SHARE = 1e-4
/** A reference that does not vary counts as varying by this much. */
const LEAST_DEVIATION = 1e-3

/**
 * All measures of counts. Bins that neither side saw say nothing and are left out.
 * @param positions where the values of each bin stand: its centre, or its place in a closed list.
 */
export function measureCounts(
  reference: readonly number[],
  observed: readonly number[],
  positions: readonly number[],
): DistributionMeasures {
  const seen = positions.map((_, bin) => bin).filter((bin) => (reference[bin] ?? 0) + (observed[bin] ?? 0) > 0)
  const p = sharesOf(seen.map((bin) => reference[bin] ?? 0))
  const q = sharesOf(seen.map((bin) => observed[bin] ?? 0))
  const places = seen.map((bin) => positions[bin] ?? 0)
  const [filledP, filledQ] = [filled(p), filled(q)]
  return {
    psi: sumOf(filledP, (share, i) => (share - at(filledQ, i)) * Math.log(share / at(filledQ, i))),
    kullbackLeibler: divergence(sharesOf(filledP), sharesOf(filledQ)),
    jensenShannon: jensenShannon(p, q),
    hellinger: Math.sqrt(
      Math.max(
        0,
        1 -
          Math.min(
            1,
            sumOf(p, (share, i) => Math.sqrt(share * at(q, i))),
          ),
      ),
    ),
    ...ordered(p, q, places),
  }
}

/** Pearson's statistic of the observed counts against the shares of the reference, taken as known; and its degrees of freedom. */
export function goodnessOfFit(
  reference: readonly number[],
  observed: readonly number[],
): { readonly statistic: number; readonly degrees: number } {
  const scale = total(observed) / total(reference)
  const seen = reference.map((_, bin) => bin).filter((bin) => (reference[bin] ?? 0) + (observed[bin] ?? 0) > 0)
  const statistic = sumOf(seen, (bin) => {
    const expected = (reference[bin] ?? 0) * scale
    return ((observed[bin] ?? 0) - expected) ** 2 / expected
  })
  return { statistic, degrees: seen.length - 1 }
}

/** Pearson's statistic that two sets of counts are of one distribution; and its degrees of freedom. */
export function homogeneity(
  first: readonly number[],
  second: readonly number[],
): { readonly statistic: number; readonly degrees: number } {
  const [n, m] = [total(first), total(second)]
  const bins = first.map((a, bin) => [a, second[bin] ?? 0] as const).filter(([a, b]) => a + b > 0)
  const statistic = sumOf(bins, ([a, b]) => {
    const [expectedA, expectedB] = [((a + b) * n) / (n + m), ((a + b) * m) / (n + m)]
    return (a - expectedA) ** 2 / expectedA + (b - expectedB) ** 2 / expectedB
  })
  return { statistic, degrees: bins.length - 1 }
}

/** Sum of counts. */
export function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function ordered(
  p: readonly number[],
  q: readonly number[],
  places: readonly number[],
): Pick<DistributionMeasures, 'wasserstein' | 'ks'> {
  let [between, largest, distance] = [0, 0, 0]
  for (const [i, share] of p.entries()) {
    between += share - at(q, i)
    largest = Math.max(largest, Math.abs(between))
    distance += Math.abs(between) * ((places[i + 1] ?? at(places, i)) - at(places, i))
  }
  const mean = sumOf(p, (share, i) => share * at(places, i))
  const deviation = Math.sqrt(sumOf(p, (share, i) => share * (at(places, i) - mean) ** 2))
  return { wasserstein: distance / Math.max(deviation, LEAST_DEVIATION), ks: largest }
}

function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const middle = p.map((share, i) => (share + at(q, i)) / 2)
  return Math.sqrt(Math.max(0, (divergence(p, middle) + divergence(q, middle)) / 2))
}

function divergence(p: readonly number[], q: readonly number[]): number {
  return sumOf(p, (share, i) => (share === 0 ? 0 : share * Math.log(share / at(q, i))))
}

/** Evidently's rule for shares of zero: 1e-4, or a millionth of the least share where that one is smaller still. */
function filled(shares: readonly number[]): number[] {
  const least = Math.min(...shares.filter((share) => share > 0))
  const empty = least <= EMPTY_SHARE ? least / 1e6 : EMPTY_SHARE
  return shares.map((share) => (share === 0 ? empty : share))
}

function sharesOf(counts: readonly number[]): number[] {
  const n = total(counts)
  return counts.map((count) => count / n)
}

function sumOf<T>(values: readonly T[], term: (value: T, index: number) => number): number {
  return values.reduce((sum, value, index) => sum + term(value, index), 0)
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0
}
