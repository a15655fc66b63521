import type { RankedCases } from '../math/area.ts'
import { spread } from '../math/area.ts'
import { sigmoid } from '../math/logistic.ts'
import type { CaseTable } from './case-table.ts'

/** A score of exactly 0 or 1 has no logit; single precision cannot tell such a score from one this far away. */
const NEAREST_TO_CERTAIN = 1e-7
const MOST_STEPS = 50
/** A slope beyond this is that of classes that scores part perfectly, or as good as. */
const LARGEST_SLOPE = 1e3

/** logit(p) = intercept + slope * logit(score), with standard errors. */
export interface Recalibration {
  readonly slope: number
  readonly intercept: number
  readonly slopeDeviation: number
  readonly interceptDeviation: number
}

/**
 * Cox's recalibration (1958) by Newton's method. Standard errors are the sandwich with patients as clusters, with the usual
 * correction for few of them.
 * @returns undefined when the likelihood has no maximum: classes parted perfectly, or all scores equal.
 */
export function recalibrationOf(table: CaseTable, scores: Float64Array, order: RankedCases): Recalibration | undefined {
  const logits = Float64Array.from(order, (index) => logit(scores[index] ?? 0))
  const labels = Float64Array.from(order, (index) => table.labels[index] ?? 0)
  let [intercept, slope] = [0, 1]
  for (let step = 0; step < MOST_STEPS; step++) {
    const { gradient, hessian } = derivatives(logits, labels, intercept, slope)
    const moved = solved(hessian, gradient)
    if (moved === undefined) return undefined
    // A step is cut where it would leap: far from the answer the curvature of the likelihood says little.
    const cut = Math.min(1, 5 / Math.max(Math.abs(moved[0]), Math.abs(moved[1]), 1e-300))
    intercept += cut * moved[0]
    slope += cut * moved[1]
    if (Math.abs(slope) > LARGEST_SLOPE) return undefined
    if (Math.max(Math.abs(moved[0]), Math.abs(moved[1])) < 1e-10) {
      return withDeviations(table, order, { logits, labels, intercept, slope })
    }
  }
  return undefined
}

type Pair = readonly [number, number]
/** A symmetric matrix of two rows: (1,1), (1,2), (2,2). */
type Symmetric = readonly [number, number, number]

interface Fit {
  readonly logits: Float64Array
  readonly labels: Float64Array
  readonly intercept: number
  readonly slope: number
}

function derivatives(
  logits: Float64Array,
  labels: Float64Array,
  intercept: number,
  slope: number,
): { readonly gradient: Pair; readonly hessian: Symmetric } {
  let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0]
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i] as number
    const p = sigmoid(intercept + slope * x)
    const residual = (labels[i] as number) - p
    const weight = p * (1 - p)
    g0 += residual
    g1 += residual * x
    h00 += weight
    h01 += weight * x
    h11 += weight * x * x
  }
  return { gradient: [g0, g1], hessian: [h00, h01, h11] }
}

function withDeviations(table: CaseTable, order: RankedCases, fit: Fit): Recalibration | undefined {
  const { hessian } = derivatives(fit.logits, fit.labels, fit.intercept, fit.slope)
  const sums = [new Float64Array(table.patientCount), new Float64Array(table.patientCount)] as const
  const seen = new Uint8Array(table.patientCount)
  for (const [i, index] of order.entries()) {
    const patient = table.patients[index] ?? 0
    const x = fit.logits[i] ?? 0
    const residual = (fit.labels[i] ?? 0) - sigmoid(fit.intercept + fit.slope * x)
    seen[patient] = 1
    sums[0][patient] = (sums[0][patient] ?? 0) + residual
    sums[1][patient] = (sums[1][patient] ?? 0) + residual * x
  }
  const n = order.length
  const patients = seen.reduce((sum, one) => sum + one, 0)
  const correction = (spread(patients) * (n - 1)) / Math.max(1, n - 2)
  let [ofIntercept, ofSlope] = [0, 0]
  for (let patient = 0; patient < table.patientCount; patient++) {
    const moved = solved(hessian, [sums[0][patient] ?? 0, sums[1][patient] ?? 0])
    if (moved === undefined) return undefined
    ofIntercept += moved[0] * moved[0]
    ofSlope += moved[1] * moved[1]
  }
  return {
    slope: fit.slope,
    intercept: fit.intercept,
    slopeDeviation: Math.sqrt(correction * ofSlope),
    interceptDeviation: Math.sqrt(correction * ofIntercept),
  }
}

/** @returns undefined of a matrix that is singular as far as numbers of this precision can tell. */
function solved([a, b, d]: Symmetric, [x, y]: Pair): Pair | undefined {
  const determinant = a * d - b * b
  if (!(determinant > 1e-12 * a * d) || a * d === 0) return undefined
  return [(d * x - b * y) / determinant, (a * y - b * x) / determinant]
}

function logit(score: number): number {
  const inside = Math.min(1 - NEAREST_TO_CERTAIN, Math.max(NEAREST_TO_CERTAIN, score))
  return Math.log(inside / (1 - inside))
}
