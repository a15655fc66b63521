import type { GateMeasure } from '@leadglass/models'
import type {
  EvaluationAxis,
  EvaluationDocument,
  EvaluationEstimate,
  EvaluationGroup,
} from '@leadglass/ui/contract/hub-api'

/** A figure with its interval, where it has one, and the cases that it rests on. */
export interface Measured {
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly n: number
  readonly group?: string
}

type Figure = (EvaluationEstimate & { readonly n?: number }) | null | undefined

/** A figure of all cases. */
export function measuredWhole(
  { candidate, cases }: EvaluationDocument,
  measure: GateMeasure,
  point: string,
): Measured | undefined {
  const at = candidate.points.find(({ name }) => name === point)
  const { calibration } = candidate
  const found: Readonly<Record<GateMeasure, Figure>> = {
    auc: candidate.auc,
    'average-precision': candidate.averagePrecision,
    brier: candidate.brier,
    'calibration-slope': calibration.slope,
    'calibration-intercept': calibration.intercept,
    'observed-less-predicted': calibration.observedLessPredicted,
    'expected-calibration-error': null,
    sensitivity: at?.sensitivity,
    specificity: at?.specificity,
    'positive-predictive-value': at?.positivePredictiveValue,
    'negative-predictive-value': at?.negativePredictiveValue,
    'net-benefit': at?.netBenefit,
  }
  if (measure === 'expected-calibration-error') {
    return { value: calibration.expectedError, low: null, high: null, n: cases.n }
  }
  return withCases(found[measure], cases.n)
}

/** Candidate less running version, turned so that more is better. */
export function measuredPaired(
  { cases, comparison }: EvaluationDocument,
  measure: GateMeasure,
  point: string,
): Measured | undefined {
  if (comparison === null) return undefined
  const at = comparison.points.find(({ name }) => name === point)
  const { value, low, high } = comparison.brier
  const found: Readonly<Partial<Record<GateMeasure, Measured | undefined>>> = {
    auc: withCases(comparison.auc, cases.n),
    'average-precision': withCases(comparison.averagePrecision, cases.n),
    brier: { value: -value, low: -high, high: -low, n: cases.n },
    sensitivity: withCases(at?.sensitivity, cases.positives),
    specificity: withCases(at?.specificity, cases.negatives),
    'net-benefit': withCases(at?.netBenefit, cases.n),
  }
  return found[measure]
}

/** Each group of an axis with its figure, or with the one that `figureOf` takes from it. */
export function groupsMeasured(
  { subgroups }: EvaluationDocument,
  by: EvaluationAxis,
  figureOf: ((group: EvaluationGroup) => Figure) | undefined,
  measure: GateMeasure = 'auc',
): { readonly group: string; readonly n: number; readonly figure: Measured | undefined }[] {
  return subgroups
    .filter((group) => group.by === by)
    .map((group) => {
      const found = figureOf === undefined ? ofGroup(group, measure) : withCases(figureOf(group), group.n)
      return {
        group: group.value,
        n: group.n,
        figure: found === undefined ? undefined : { ...found, group: group.value },
      }
    })
}

/** The difference of a group to all other cases. */
export function measuredGap({ lessRest }: EvaluationGroup, measure: GateMeasure): Figure {
  const found: Readonly<Partial<Record<GateMeasure, Figure>>> = {
    auc: lessRest.auc,
    sensitivity: lessRest.sensitivity,
    specificity: lessRest.specificity,
    'calibration-slope': lessRest.calibrationSlope,
    'observed-less-predicted': lessRest.observedLessPredicted,
  }
  return found[measure]
}

function ofGroup({ figures, n }: EvaluationGroup, measure: GateMeasure): Measured | undefined {
  if (measure === 'expected-calibration-error') {
    return figures.expectedError === null ? undefined : { value: figures.expectedError, low: null, high: null, n }
  }
  const found: Readonly<Partial<Record<GateMeasure, Figure>>> = {
    auc: figures.auc,
    sensitivity: figures.sensitivity,
    specificity: figures.specificity,
    'calibration-slope': figures.calibrationSlope,
    'observed-less-predicted': figures.observedLessPredicted,
  }
  return withCases(found[measure], n)
}

/** Shares know their own cases; other figures rest on all of them. */
function withCases(figure: Figure, cases: number): Measured | undefined {
  if (figure === null || figure === undefined) return undefined
  return { value: figure.value, low: figure.low, high: figure.high, n: figure.n ?? cases }
}
