import type { BinnedColumns } from './bins.ts'
import type { Histogram } from './histogram.ts'

/** Sums of a node. */
export interface Sums {
  readonly gradient: number
  readonly hessian: number
}

/** The best way to part a node. */
export interface Split {
  readonly column: number
  /** Values of bins up to this go left. The last bin means: every value left, missing right. */
  readonly bin: number
  readonly missingLeft: boolean
  readonly gain: number
  readonly left: Sums
}

/** What a split must satisfy. */
export interface SplitLimits {
  /** L2 penalty on leaf values. */
  readonly lambda: number
  /** Least sum of hessians of a child. */
  readonly minimumChildWeight: number
  /** Least gain; the gain is twice the decrease of the objective. */
  readonly minimumGain: number
}

/** Hessian sums below this are what subtraction left of nothing. */
const NOTHING = 1e-9

/**
 * Looks at every cut of the chosen columns, with the missing values on either side, by the second-order gain (Chen and
 * Guestrin 2016, equation 7 and algorithm 3). Where no value is missing in the node, a missing value will follow the heavier
 * child. Of equal gains the first stands.
 */
export function bestSplit(
  histogram: Histogram,
  binned: BinnedColumns,
  chosen: Int32Array,
  total: Sums,
  limits: SplitLimits,
): Split | undefined {
  const { lambda, minimumChildWeight } = limits
  const { gradient: G, hessian: H } = total
  const parentScore = (G * G) / (H + lambda)
  let gain = limits.minimumGain
  let column = -1
  let bin = 0
  let missingLeft = false
  let leftGradient = 0
  let leftHessian = 0
  const consider = (c: number, k: number, g: number, h: number, withMissing: boolean): void => {
    const rest = H - h
    if (h < minimumChildWeight || rest < minimumChildWeight) return
    const other = G - g
    const found = (g * g) / (h + lambda) + (other * other) / (rest + lambda) - parentScore
    if (!(found > gain)) return
    gain = found
    column = c
    bin = k
    missingLeft = withMissing
    leftGradient = g
    leftHessian = h
  }
  for (let i = 0; i < chosen.length; i++) {
    const c = chosen[i] as number
    const base = binned.offsets[c] as number
    const bins = binned.bins[c] as number
    const missingGradient = histogram[2 * (base + bins)] as number
    const missingHessian = histogram[2 * (base + bins) + 1] as number
    const missing = missingHessian > NOTHING
    let g = 0
    let h = 0
    for (let k = 0; k < bins; k++) {
      g += histogram[2 * (base + k)] as number
      h += histogram[2 * (base + k) + 1] as number
      if (k + 1 < bins || missing) consider(c, k, g, h, !missing && h > H - h)
      if (k + 1 < bins && missing) consider(c, k, g + missingGradient, h + missingHessian, true)
    }
  }
  return column < 0
    ? undefined
    : { column, bin, missingLeft, gain, left: { gradient: leftGradient, hessian: leftHessian } }
}

/** Whether each of the columns has one value, or none, in the node of the histogram. */
export function isConstant(histogram: Histogram, { offsets }: BinnedColumns, columns: Int32Array): boolean {
  return columns.every((column) => {
    let seen = 0
    for (let bin = offsets[column] as number; bin < (offsets[column + 1] as number) && seen < 2; bin++) {
      if ((histogram[2 * bin + 1] as number) > NOTHING) seen += 1
    }
    return seen < 2
  })
}
