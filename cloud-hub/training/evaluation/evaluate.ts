import type { EvaluatedModel, EvaluationDocument, EvaluationEstimate } from '@leadglass/ui/contract/hub-api'
import { areaDifference, areaEstimate, areaOf, type RankedCases, ranked } from '../math/area.ts'
import { averagePrecisions, RESAMPLES } from './average-precision.ts'
import { calibrationOf } from './calibration.ts'
import { type CaseTable, type EvaluationCase, tableOf } from './case-table.ts'
import { curvesOf, decisionCurve } from './curves.ts'
import { meanAgainstNothing, meanEstimate, meanOf } from './means.ts'
import { MINIMUM } from './minimum.ts'
import { comparePoint, type OperatingPoint, pointOf } from './operating.ts'
import { shortcutsOf } from './shortcut.ts'
import { subgroupsOf } from './subgroups.ts'

/** The scores of one model and the cases in their order. */
interface Scored {
  readonly scores: Float64Array
  readonly order: RankedCases
}

/**
 * Evaluates scores against labels. Everything follows from the cases: the same cases in the same order give the same
 * document, the bootstrap included.
 * @param points the first is the one in use; shares of subgroups are taken there.
 * @throws {RangeError} without cases of both classes, without a point, or with a score outside 0..1.
 */
export function evaluateCases(cases: readonly EvaluationCase[], points: readonly OperatingPoint[]): EvaluationDocument {
  const table = tableOf(cases)
  const inUse = points[0]
  if (inUse === undefined) throw new RangeError('an evaluation needs an operating point')
  const candidate: Scored = { scores: table.scores, order: ranked(table.scores) }
  const running =
    table.runningScores === null ? null : { scores: table.runningScores, order: ranked(table.runningScores) }
  const orders = { candidate: candidate.order, running: running?.order ?? null }
  const precisions = averagePrecisions(table, orders)
  const positives = table.labels.reduce((sum, label) => sum + label, 0)
  return {
    schema: 'leadglass.evaluation/1',
    cases: { n: table.n, patients: table.patientCount, positives, negatives: table.n - positives },
    minimum: MINIMUM,
    resamples: RESAMPLES,
    candidate: modelOf(table, candidate, precisions.candidate, points),
    running:
      running === null || precisions.running === null
        ? null
        : modelOf(table, running, precisions.running, points.map(ofRunning)),
    comparison:
      running === null || precisions.difference === null
        ? null
        : comparisonOf(table, candidate, running, precisions.difference, points),
    decisionCurve: decisionCurve(table, candidate, running),
    ...subgroupsOf(table, orders, inUse.threshold),
    shortcuts: shortcutsOf(table, candidate.order),
  }
}

function ofRunning({ name, threshold, runningThreshold = threshold }: OperatingPoint): OperatingPoint {
  return { name, threshold: runningThreshold, chosenBy: 'as the running version decides' }
}

function modelOf(
  table: CaseTable,
  { scores, order }: Scored,
  averagePrecision: EvaluationEstimate,
  points: readonly OperatingPoint[],
): EvaluatedModel {
  return {
    auc: areaEstimate(areaOfAll(table, { scores, order })),
    averagePrecision,
    brier: meanEstimate(meanOfAll(table, order, (index) => squaredError(table, scores, index))),
    calibration: calibrationOf(table, scores, order),
    points: points.map((point) => pointOf(table, scores, order, point)),
    ...curvesOf(table, scores, order),
  }
}

function comparisonOf(
  table: CaseTable,
  candidate: Scored,
  running: Scored,
  averagePrecision: EvaluationEstimate,
  points: readonly OperatingPoint[],
): NonNullable<EvaluationDocument['comparison']> {
  return {
    auc: areaDifference(areaOfAll(table, candidate), areaOfAll(table, running)),
    averagePrecision,
    brier: meanAgainstNothing(
      meanOfAll(
        table,
        candidate.order,
        (index) => squaredError(table, candidate.scores, index) - squaredError(table, running.scores, index),
      ),
    ),
    points: points.map((point) => comparePoint(table, running.scores, candidate.order, point)),
  }
}

function squaredError({ labels }: CaseTable, scores: Float64Array, index: number): number {
  return ((scores[index] ?? 0) - (labels[index] ?? 0)) ** 2
}

/** `tableOf` has seen to it that both classes are there. */
function areaOfAll(table: CaseTable, { scores, order }: Scored): NonNullable<ReturnType<typeof areaOf>> {
  const area = areaOf(table, scores, order)
  if (area === undefined) throw new RangeError('an area needs cases of both classes')
  return area
}

function meanOfAll(
  table: CaseTable,
  order: RankedCases,
  figure: (index: number) => number,
): NonNullable<ReturnType<typeof meanOf>> {
  const mean = meanOf(table, order, figure)
  if (mean === undefined) throw new RangeError('a mean needs a case')
  return mean
}
