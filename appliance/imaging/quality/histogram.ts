import type { ValueCounts } from '../preprocess/index.ts'

const BINS = 256

/** Figures that depend on how often values occur, not where. */
export interface DistributionFigures {
  /** Share of pixels at the least and at the greatest value that the stored bits can say. */
  readonly clippedLow: number
  readonly clippedHigh: number
  /** Span of the window (0.5 to 99.5 percent) over the span of the stored bits. */
  readonly rangeUse: number
  /** Shannon entropy in bits of 256 equal bins between the least and greatest value present. */
  readonly entropy: number
}

/**
 * @param stored one frame of stored values. @param bitsStored their depth. @param window the 0.5 and 99.5 percentiles.
 */
export function distributionFigures(
  stored: ArrayLike<number>,
  bitsStored: number,
  signed: boolean,
  window: { readonly low: number; readonly high: number },
): DistributionFigures {
  const least = signed ? -(2 ** (bitsStored - 1)) : 0
  const span = 2 ** bitsStored - 1
  let low = 0
  let high = 0
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < stored.length; i += 1) {
    const value = stored[i] ?? 0
    if (value <= least) low += 1
    if (value >= least + span) high += 1
    if (value < lowest) lowest = value
    if (value > highest) highest = value
  }
  return {
    clippedLow: low / stored.length,
    clippedHigh: high / stored.length,
    rangeUse: (window.high - window.low) / span,
    entropy: entropy(stored, lowest, highest),
  }
}

/** The same of values that were counted already. */
export function countedFigures(
  { lowest, counts, total }: ValueCounts,
  bitsStored: number,
  signed: boolean,
  window: { readonly low: number; readonly high: number },
): DistributionFigures {
  const least = signed ? -(2 ** (bitsStored - 1)) : 0
  const span = 2 ** bitsStored - 1
  const factor = BINS / (counts.length - 1)
  const bins = new Uint32Array(BINS)
  let low = 0
  let high = 0
  for (let cell = 0; cell < counts.length; cell += 1) {
    const count = counts[cell] as number
    if (count === 0) continue
    if (lowest + cell <= least) low += count
    if (lowest + cell >= least + span) high += count
    const bin = Math.min(BINS - 1, Math.floor(cell * factor))
    bins[bin] = (bins[bin] as number) + count
  }
  return {
    clippedLow: low / total,
    clippedHigh: high / total,
    rangeUse: (window.high - window.low) / span,
    entropy: counts.length < 2 ? 0 : bitsOf(bins, total),
  }
}

function entropy(stored: ArrayLike<number>, lowest: number, highest: number): number {
  if (!(highest > lowest)) return 0
  const counts = new Uint32Array(BINS)
  const factor = BINS / (highest - lowest)
  for (let i = 0; i < stored.length; i += 1) {
    const bin = Math.min(BINS - 1, Math.floor(((stored[i] ?? 0) - lowest) * factor))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return bitsOf(counts, stored.length)
}

function bitsOf(counts: Uint32Array, total: number): number {
  let bits = 0
  for (const count of counts) {
    if (count > 0) bits -= (count / total) * Math.log2(count / total)
  }
  return bits
}
