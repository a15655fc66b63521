import type { EvaluationCalibration, EvaluationEstimate } from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import { tieAt } from '../math/area.ts'
import { wilson } from '../math/calibration.ts'
import { Z95 } from '../math/normal.ts'
import type { CaseTable } from './case-table.ts'
import { meanEstimate, meanOf } from './means.ts'
import { recalibrationOf } from './recalibration.ts'

/** Bins of the calibration error, of equally many cases. */
export const CALIBRATION_BINS = 10

/** How well scores agree with frequencies. `order` holds at least one case. */
export function calibrationOf(table: CaseTable, scores: Float64Array, order: RankedCases): EvaluationCalibration {
  const { slope, intercept } = slopeAndIntercept(table, scores, order)
  const bins = binsOf(table, scores, order)
  const residual = meanOf(table, order, (index) => (table.labels[index] ?? 0) - (scores[index] ?? 0))
  return {
    slope,
    intercept,
    observedLessPredicted: residual === undefined ? { value: 0, low: 0, high: 0 } : meanEstimate(residual),
    expectedError: expectedError(bins, order.length),
    bins,
  }
}

/** Null where the recalibration has no finite answer. */
export function slopeAndIntercept(
  table: CaseTable,
  scores: Float64Array,
  order: RankedCases,
): { readonly slope: EvaluationEstimate | null; readonly intercept: EvaluationEstimate | null } {
  const fitted = recalibrationOf(table, scores, order)
  if (fitted === undefined) return { slope: null, intercept: null }
  const within = (value: number, deviation: number): EvaluationEstimate => ({
    value,
    low: value - Z95 * deviation,
    high: value + Z95 * deviation,
  })
  return {
    slope: within(fitted.slope, fitted.slopeDeviation),
    intercept: within(fitted.intercept, fitted.interceptDeviation),
  }
}

/** Mean distance of mean score and frequency over the bins, weighed by their cases. */
export function expectedError(bins: EvaluationCalibration['bins'], n: number): number {
  return bins.reduce((sum, bin) => sum + Math.abs(bin.predicted - bin.observed) * bin.n, 0) / n
}

/**
 * Bins of equally many cases by rising score. Equal scores stay in one bin, so that the order of cases decides nothing; a
 * bin that they fill takes the place of the next.
 */
export function binsOf({ labels }: CaseTable, scores: Float64Array, order: RankedCases): EvaluationCalibration['bins'] {
  const bins: EvaluationCalibration['bins'] = []
  for (let begin = 0, bin = 1; begin < order.length; bin++) {
    const wanted = Math.round((bin * order.length) / CALIBRATION_BINS)
    if (wanted <= begin) continue
    let end = begin
    let positives = 0
    let predicted = 0
    while (end < wanted) {
      const tie = tieAt(labels, scores, order, end)
      positives += tie.tied
      predicted += (scores[order[end] ?? 0] ?? 0) * (tie.end - end)
      end = tie.end
    }
    const n = end - begin
    const { value: observed, low, high } = wilson(positives, n)
    bins.push({ n, predicted: predicted / n, observed, low, high })
    begin = end
  }
  return bins
}
