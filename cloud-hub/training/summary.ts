import type { EvaluatedModel, EvaluationDocument } from '@leadglass/ui/contract/hub-api'
import type { Evaluation, TrainingReport } from './report.ts'

/**
 * The figures of an evaluation that reports have had from the beginning, at the operating point in use; MLflow, cards and
 * comparisons of runs read these.
 * @throws {RangeError} when nothing was compared with the parent.
 */
export function summaryOf({
  candidate,
  running,
  comparison,
  subgroups,
}: EvaluationDocument): Pick<TrainingReport, 'candidate' | 'parentModel' | 'comparison' | 'subgroups'> {
  if (running === null || comparison === null) throw new RangeError('a report compares with the parent')
  const { value: difference, low, high, p } = comparison.auc
  return {
    candidate: figuresOf(candidate),
    parentModel: figuresOf(running),
    comparison: { difference, low, high, p },
    subgroups: subgroups.flatMap(({ by, value, n, figures, runningAuc }) =>
      figures.auc === null || runningAuc === null
        ? []
        : [{ by, value, studies: n, candidate: figures.auc.value, parent: runningAuc.value }],
    ),
  }
}

function figuresOf({ auc, brier, calibration, points }: EvaluatedModel): Evaluation {
  const inUse = points[0]
  if (inUse === undefined || inUse.sensitivity === null || inUse.specificity === null) {
    throw new RangeError('an operating point needs cases of both classes')
  }
  const { n: _positives, ...sensitivity } = inUse.sensitivity
  const { n: _negatives, ...specificity } = inUse.specificity
  return {
    auc,
    sensitivity,
    specificity,
    threshold: inUse.threshold,
    brier: brier.value,
    expectedCalibrationError: calibration.expectedError,
  }
}
