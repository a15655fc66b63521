import type { EvaluatedModel, EvaluationDocument } from '../contract/hub-api.ts'
import { formatInterval } from '../shared/format.ts'
import { CurveFigure, type CurveLine } from './curve-figure.tsx'

/** Net benefit below nothing is drawn so far only: how bad a useless threshold is says little. */
const LOWEST_BENEFIT = -0.1

/** The four curves of an evaluation, each with what it says and on how many cases. */
export function EvaluationCurves({ evaluation }: { readonly evaluation: EvaluationDocument }) {
  const { candidate, running, cases } = evaluation
  const on = `${cases.n} studies of ${cases.patients} patients, ${cases.positives} positive`
  const compared = running === null ? '' : `; dashed the running version`
  const { slope, expectedError, bins } = candidate.calibration
  const prevalence = cases.positives / cases.n
  const both = (of: (model: EvaluatedModel) => EvaluatedModel['roc']): CurveLine[] => [
    ...(running === null ? [] : [{ name: 'running version', kind: 'other' as const, points: of(running) }]),
    { name: 'this version', kind: 'this', points: of(candidate) },
  ]
  return (
    <div className="curves">
      <CurveFigure
        title="ROC curve"
        words={`Area ${estimate(candidate.auc)}${compared}. On ${on}.`}
        across="1 − specificity"
        up="sensitivity"
        lines={[DIAGONAL, ...both((model) => model.roc)]}
      />
      <CurveFigure
        title="Precision and recall"
        words={`Average precision ${estimate(candidate.averagePrecision)}${compared}; the flat line is chance. On ${on}.`}
        across="recall"
        up="precision"
        lines={[
          {
            name: 'chance',
            kind: 'nothing',
            points: [
              [0, prevalence],
              [1, prevalence],
            ],
          },
          ...both((model) => model.precisionRecall),
        ]}
      />
      <CurveFigure
        title="Calibration"
        words={`Slope ${slope === null ? 'not known' : estimate(slope)}, expected error ${expectedError.toFixed(3)} over ${bins.length} bins of equally many cases. On ${on}.`}
        across="mean score"
        up="share of positives"
        lines={[DIAGONAL]}
        points={bins.map(({ predicted, observed, low, high }) => ({ x: predicted, y: observed, low, high }))}
      />
      <CurveFigure
        title="Decision curve"
        words={`Net benefit a study at each threshold${compared}; thin: all positive, and none. On ${on}.`}
        across="threshold"
        up="net benefit"
        upRange={[LOWEST_BENEFIT, Math.max(0.1, Math.ceil(prevalence * 10) / 10)]}
        lines={benefitLines(evaluation)}
      />
    </div>
  )
}

const DIAGONAL: CurveLine = {
  name: 'chance',
  kind: 'nothing',
  points: [
    [0, 0],
    [1, 1],
  ],
}

function benefitLines({ decisionCurve }: EvaluationDocument): CurveLine[] {
  const line = (name: string, kind: CurveLine['kind'], column: 1 | 2 | 3): CurveLine => ({
    name,
    kind,
    points: decisionCurve.flatMap((point): [number, number][] => {
      const benefit = point[column]
      return benefit === null || benefit < LOWEST_BENEFIT ? [] : [[point[0], benefit]]
    }),
  })
  const none: CurveLine = {
    name: 'none',
    kind: 'nothing',
    points: [
      [0, 0],
      [1, 0],
    ],
  }
  return [none, line('all', 'nothing', 3), line('running version', 'other', 2), line('this version', 'this', 1)]
}

function estimate({ value, low, high }: EvaluatedModel['auc']): string {
  return formatInterval(value, low, high)
}
