import type {
  EvaluatedModel,
  EvaluationDocument,
  EvaluationEstimate,
  EvaluationGroup,
  EvaluationShare,
  EvaluationView,
} from '../../contract/hub-api.ts'

const around = (value: number, half = 0.04): EvaluationEstimate => ({ value, low: value - half, high: value + half })
const share = (value: number, n: number): EvaluationShare => ({ ...around(value, 0.09), n })
const differs = (value: number, p: number, half = 0.06) => ({ ...around(value, half), p })
/** A curve that bends towards the upper left corner, as far as `bend` says. */
const bent = (bend: number): [number, number][] =>
  Array.from({ length: 40 }, (_, i): [number, number] => [i / 39, (i / 39) ** (1 / bend)])

function model(auc: number): EvaluatedModel {
  return {
    auc: around(auc),
    averagePrecision: around(auc - 0.08),
    brier: around(0.118, 0.02),
    calibration: {
      slope: around(0.94, 0.2),
      intercept: around(-0.06, 0.2),
      observedLessPredicted: around(0.012, 0.03),
      expectedError: 0.061,
      bins: [0.05, 0.2, 0.4, 0.6, 0.85].map((predicted) => ({
        n: 168,
        predicted,
        observed: predicted * 0.95,
        low: predicted * 0.8,
        high: Math.min(1, predicted * 1.1),
      })),
    },
    points: [
      {
        name: 'in-use',
        threshold: 0.412,
        chosenBy: 'largest Youden index of the out-of-fold probabilities on the training part',
        truePositives: 241,
        falsePositives: 73,
        trueNegatives: 479,
        falseNegatives: 47,
        sensitivity: share(0.837, 288),
        specificity: share(0.868, 552),
        positivePredictiveValue: share(0.768, 314),
        negativePredictiveValue: share(0.911, 526),
        netBenefit: around(0.226),
      },
    ],
    roc: bent(auc * 4),
    precisionRecall: bent(auc * 4).map(([recall, height]) => [recall, 1 - 0.5 * recall * height]),
  }
}

function group(by: EvaluationGroup['by'], value: string, n: number, auc: number | null): EvaluationGroup {
  const measured = auc !== null
  return {
    by,
    value,
    n,
    patients: Math.ceil(n * 0.9),
    positives: Math.round(n * 0.34),
    negatives: n - Math.round(n * 0.34),
    enough: measured,
    figures: {
      auc: measured ? around(auc) : null,
      sensitivity: measured ? share(0.83, Math.round(n * 0.34)) : null,
      specificity: measured ? share(0.86, n - Math.round(n * 0.34)) : null,
      calibrationSlope: measured ? around(0.9, 0.3) : null,
      observedLessPredicted: measured ? around(0.01, 0.05) : null,
      expectedError: measured ? 0.07 : null,
    },
    runningAuc: measured ? around(auc - 0.03) : null,
    lessRest: {
      auc: measured ? differs(auc - 0.9, 0.42) : null,
      sensitivity: measured ? around(-0.02, 0.09) : null,
      specificity: measured ? around(0.01, 0.07) : null,
      calibrationSlope: measured ? differs(-0.05, 0.71, 0.3) : null,
      observedLessPredicted: measured ? differs(0.004, 0.86) : null,
    },
  }
}

/** A version that is good on the whole, and of which a part comes from telling bedside pictures from others. */
export const EVALUATION: EvaluationDocument = {
  schema: 'leadglass.evaluation/1',
  cases: { n: 840, patients: 731, positives: 288, negatives: 552 },
  minimum: { cases: 30, perClass: 10, calibrationCases: 50 },
  resamples: 1000,
  candidate: model(0.905),
  running: model(0.871),
  comparison: {
    auc: differs(0.034, 0.021, 0.029),
    averagePrecision: around(0.041, 0.05),
    brier: differs(-0.011, 0.08, 0.012),
    points: [
      {
        name: 'in-use',
        threshold: 0.412,
        runningThreshold: 0.5,
        sensitivity: { ...differs(0.052, 0.03, 0.045), n: 288, onlyCandidate: 29, onlyRunning: 14 },
        specificity: { ...differs(-0.009, 0.55, 0.03), n: 552, onlyCandidate: 22, onlyRunning: 27 },
        netBenefit: differs(0.012, 0.11, 0.015),
      },
    ],
  },
  decisionCurve: Array.from({ length: 99 }, (_, i): [number, number, number, number] => {
    const threshold = (i + 1) / 100
    const all = 0.343 - 0.657 * (threshold / (1 - threshold))
    return [threshold, Math.max(0, 0.343 - 0.3 * threshold), Math.max(0, 0.343 - 0.36 * threshold), all]
  }),
  subgroups: [
    group('sex', 'F', 401, 0.898),
    group('sex', 'M', 439, 0.911),
    group('age-band', '80 and over', 24, null),
    group('view', 'AP', 352, 0.842),
    group('view', 'PA', 488, 0.861),
  ],
  leftOut: [],
  shortcuts: [
    {
      by: 'view',
      overall: around(0.905),
      stratified: around(0.853),
      drop: differs(0.052, 0.0004, 0.02),
      axisAlone: 0.714,
      strata: [
        { value: 'AP', n: 352, auc: around(0.842) },
        { value: 'PA', n: 488, auc: around(0.861) },
      ],
      verdict: 'suspected',
    },
  ],
}

export const EVALUATION_VIEW: EvaluationView = {
  finding: 'pneumonia',
  evaluation: EVALUATION,
  gates: [
    {
      name: 'finds-most',
      wanted: 'sensitivity at in-use at least 0.8, shown by the interval',
      value: 0.747,
      holds: false,
      outcome: 'failed',
      low: 0.747,
      high: 0.927,
      cases: 288,
      detail: null,
    },
    {
      name: 'same-for-each.age-band',
      wanted: 'auc within 0.1 of all others, by age-band',
      value: null,
      holds: true,
      outcome: 'not-evaluable',
      low: null,
      high: null,
      cases: null,
      detail: 'decided by age-band 80 and over; too few of its 24 cases, or of the others',
    },
  ],
  gatesDeclaredBy: 'package',
}
