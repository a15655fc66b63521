/** A bin that one side never saw counts as this share, so that the index stays finite. */
const EMPTY_SHARE = 1e-4
/** Neighbouring bins are put together until both sides have so many in them together. */
const LEAST_IN_BIN = 10

/** Times fall into bins whose edges grow by a quarter, from 1 ms to about 20 minutes. */
const GROWTH = 1.25
export const LATENCY_BINS = 64

/** Two versions on the same cases, on which side of the operating point each came out. */
export interface TwoByTwo {
  readonly bothBelow: number
  readonly championAbove: number
  readonly candidateAbove: number
  readonly bothAbove: number
}

/** Cohen's kappa; null without cases, and where both versions put all on one side and chance explains everything. */
export function kappaOf({ bothBelow, championAbove, candidateAbove, bothAbove }: TwoByTwo): number | null {
  const n = bothBelow + championAbove + candidateAbove + bothAbove
  if (n === 0) return null
  const observed = (bothBelow + bothAbove) / n
  const champion = (championAbove + bothAbove) / n
  const candidate = (candidateAbove + bothAbove) / n
  const chance = champion * candidate + (1 - champion) * (1 - candidate)
  return chance === 1 ? null : (observed - chance) / (1 - chance)
}

/**
 * The population stability index of two sets of counts on the same bins, thin neighbours put together first; null where
 * one side has none. Of the same cases by two versions, so a difference is the versions' and not the cases'.
 */
export function stabilityIndex(champion: readonly number[], candidate: readonly number[]): number | null {
  const merged = mergeBins(champion, candidate)
  const [n, m] = [total(champion), total(candidate)]
  if (n === 0 || m === 0) return null
  return merged.reduce((sum, [a, b]) => {
    const expected = Math.max(a / n, EMPTY_SHARE)
    const actual = Math.max(b / m, EMPTY_SHARE)
    return sum + (actual - expected) * Math.log(actual / expected)
  }, 0)
}

/** The Kolmogorov-Smirnov distance of two sets of counts on the same bins; null where one side has none. */
export function distributionDistance(champion: readonly number[], candidate: readonly number[]): number | null {
  const [n, m] = [total(champion), total(candidate)]
  if (n === 0 || m === 0) return null
  let [a, b, largest] = [0, 0, 0]
  for (let bin = 0; bin < Math.max(champion.length, candidate.length); bin += 1) {
    a += champion[bin] ?? 0
    b += candidate[bin] ?? 0
    largest = Math.max(largest, Math.abs(a / n - b / m))
  }
  return largest
}

/** The bin of a time in milliseconds. */
export function latencyBin(ms: number): number {
  const bin = Math.ceil(Math.log(Math.max(ms, 1)) / Math.log(GROWTH))
  return Math.min(LATENCY_BINS - 1, Math.max(0, bin))
}

/** A quantile of binned times in milliseconds: the upper edge of its bin, at most a quarter too long; null without any. */
export function latencyQuantile(counts: readonly number[], quantile: number): number | null {
  const wanted = Math.max(1, Math.ceil(total(counts) * quantile))
  let seen = 0
  for (const [bin, count] of counts.entries()) {
    seen += count
    if (seen >= wanted) return GROWTH ** bin
  }
  return null
}

function mergeBins(first: readonly number[], second: readonly number[]): [number, number][] {
  const merged: [number, number][] = []
  for (let bin = 0; bin < Math.max(first.length, second.length); bin += 1) {
    const [a, b] = [first[bin] ?? 0, second[bin] ?? 0]
    const last = merged.at(-1)
    if (last !== undefined && last[0] + last[1] < LEAST_IN_BIN) merged[merged.length - 1] = [last[0] + a, last[1] + b]
    else merged.push([a, b])
  }
  const last = merged.at(-1)
  const before = merged.at(-2)
  if (last !== undefined && before !== undefined && last[0] + last[1] < LEAST_IN_BIN) {
    merged.splice(-2, 2, [before[0] + last[0], before[1] + last[1]])
  }
  return merged
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
