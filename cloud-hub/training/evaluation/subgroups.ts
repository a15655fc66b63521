import {
  EVALUATION_AXES,
  type EvaluationAxis,
  type EvaluationDifference,
  type EvaluationDocument,
  type EvaluationEstimate,
  type EvaluationGroup,
  type GroupFigures,
} from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import { type Area, areaDifference, areaEstimate, areaOf, differenceOf } from '../math/area.ts'
import { Z95 } from '../math/normal.ts'
import { binsOf, expectedError, slopeAndIntercept } from './calibration.ts'
import { type CaseTable, keep } from './case-table.ts'
import { type Mean, meanDifference, meanEstimate, meanOf } from './means.ts'
import { MINIMUM } from './minimum.ts'
import { countsAt, share } from './operating.ts'
import { newcombe } from './paired-shares.ts'

/** Groups of an axis that are reported, the largest; a fleet may have more sites than a page has room. */
const MOST_GROUPS = 30

interface Part {
  readonly figures: GroupFigures
  readonly area: Area | undefined
  readonly residual: Mean | undefined
}

/** Every group of every axis against all other cases. `orders` by rising score of each model. */
export function subgroupsOf(
  table: CaseTable,
  orders: { readonly candidate: RankedCases; readonly running: RankedCases | null },
  threshold: number,
): Pick<EvaluationDocument, 'subgroups' | 'leftOut'> {
  const subgroups: EvaluationGroup[] = []
  const leftOut: EvaluationDocument['leftOut'] = []
  for (const by of EVALUATION_AXES) {
    const values = table.axes.get(by)
    if (values === undefined) continue
    const sizes = new Map<string, number>()
    for (const value of values) sizes.set(value, (sizes.get(value) ?? 0) + 1)
    const named = [...sizes].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([value]) => value)
    if (named.length > MOST_GROUPS) leftOut.push({ by, groups: named.length - MOST_GROUPS })
    for (const value of named.slice(0, MOST_GROUPS).sort()) {
      subgroups.push(groupOf(table, orders, threshold, { by, value, values }))
    }
  }
  return { subgroups, leftOut }
}

function groupOf(
  table: CaseTable,
  orders: { readonly candidate: RankedCases; readonly running: RankedCases | null },
  threshold: number,
  { by, value, values }: { readonly by: EvaluationAxis; readonly value: string; readonly values: readonly string[] },
): EvaluationGroup {
  const isMember = (index: number): boolean => values[index] === value
  const members = keep(orders.candidate, isMember)
  const group = partOf(table, members, threshold)
  const rest = partOf(
    table,
    keep(orders.candidate, (index) => !isMember(index)),
    threshold,
  )
  const positives = members.reduce((sum, index) => sum + (table.labels[index] ?? 0), 0)
  const runningMembers = orders.running === null ? undefined : keep(orders.running, isMember)
  return {
    by,
    value: value.slice(0, 80),
    n: members.length,
    patients: new Set(members.map((index) => table.patients[index] ?? 0)).size,
    positives,
    negatives: members.length - positives,
    enough: members.length >= MINIMUM.cases,
    figures: group.figures,
    runningAuc:
      runningMembers === undefined || table.runningScores === null
        ? null
        : estimateOf(enoughArea(table, table.runningScores, runningMembers)),
    lessRest: differences(group, rest),
  }
}

/** The figures of a part, each null when the part is too small for it. */
function partOf(table: CaseTable, order: RankedCases, threshold: number): Part {
  const { scores } = table
  const enough = order.length >= MINIMUM.cases
  const area = enoughArea(table, scores, order)
  const counts = countsAt(table, scores, order, threshold)
  const known = (successes: number, n: number): GroupFigures['sensitivity'] =>
    enough && n >= MINIMUM.perClass ? share(successes, n) : null
  const calibrated = area !== undefined && order.length >= MINIMUM.calibrationCases
  const residual = calibrated
    ? meanOf(table, order, (index) => (table.labels[index] ?? 0) - (scores[index] ?? 0))
    : undefined
  return {
    area,
    residual,
    figures: {
      auc: estimateOf(area),
      sensitivity: known(counts.truePositives, counts.truePositives + counts.falseNegatives),
      specificity: known(counts.trueNegatives, counts.trueNegatives + counts.falsePositives),
      calibrationSlope: calibrated ? slopeAndIntercept(table, scores, order).slope : null,
      observedLessPredicted: residual === undefined ? null : meanEstimate(residual),
      expectedError: calibrated ? expectedError(binsOf(table, scores, order), order.length) : null,
    },
  }
}

function differences(group: Part, rest: Part): EvaluationGroup['lessRest'] {
  const { sensitivity, specificity, calibrationSlope } = group.figures
  return {
    auc: group.area === undefined || rest.area === undefined ? null : areaDifference(group.area, rest.area),
    sensitivity:
      sensitivity === null || rest.figures.sensitivity === null
        ? null
        : newcombe(sensitivity, rest.figures.sensitivity),
    specificity:
      specificity === null || rest.figures.specificity === null
        ? null
        : newcombe(specificity, rest.figures.specificity),
    calibrationSlope: slopeDifference(calibrationSlope, rest.figures.calibrationSlope),
    observedLessPredicted:
      group.residual === undefined || rest.residual === undefined
        ? null
        : meanDifference(group.residual, rest.residual),
  }
}

/** Slopes of different cases; a patient in both parts is counted as two. */
function slopeDifference(a: EvaluationEstimate | null, b: EvaluationEstimate | null): EvaluationDifference | null {
  if (a === null || b === null) return null
  return differenceOf(a.value - b.value, Math.hypot(a.high - a.value, b.high - b.value) / Z95)
}

/** The area, when there are enough cases of both classes for one. */
export function enoughArea(table: CaseTable, scores: Float64Array, order: RankedCases): Area | undefined {
  if (order.length < MINIMUM.cases) return undefined
  const area = areaOf(table, scores, order)
  return area !== undefined && Math.min(area.positives, area.negatives) >= MINIMUM.perClass ? area : undefined
}

function estimateOf(area: Area | undefined): EvaluationEstimate | null {
  return area === undefined ? null : areaEstimate(area)
}
