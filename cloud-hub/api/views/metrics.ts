import type { EvaluationDocument, Metric } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { TrainingReport } from '../../training/index.ts'

/** A figure of a model card, as far as the pages can show it. Cards of other tools may say less. */
const cardMetric = z.looseObject({
  metric: z.string(),
  /** Which of several scores the figure is about. */
  output: z.string().optional(),
  split: z.string(),
  value: z.number(),
  low: z.number().optional(),
  high: z.number().optional(),
  images: z.number().int().optional(),
  studies: z.number().int().optional(),
})

/** The figures of a card that have a form to show; others are left to the card itself. */
export function metricsOfCard(metrics: unknown): Metric[] {
  if (!Array.isArray(metrics)) return []
  return metrics.flatMap((entry) => {
    const parsed = cardMetric.safeParse(entry)
    if (!parsed.success) return []
    const { metric: figure, output, split, value, low, high, images, studies } = parsed.data
    const name = output === undefined ? figure : `${output} ${figure}`
    return [{ name, split, value, low: low ?? null, high: high ?? null, cases: studies ?? images ?? null }]
  })
}

/** What a run measured, all on the held-out part. */
export function metricsOfReport(report: TrainingReport): Metric[] {
  const cases = report.cases.heldOut.studies
  const split = 'held-out'
  const { candidate, parentModel, comparison, evaluation } = report
  const plain = (name: string, value: number): Metric => ({ name, split, value, low: null, high: null, cases })
  return [
    { name: 'auc', split, ...candidate.auc, cases },
    { name: 'sensitivity', split, ...candidate.sensitivity, cases: report.cases.heldOut.positives },
    { name: 'specificity', split, ...candidate.specificity, cases: report.cases.heldOut.negatives },
    plain('brier', candidate.brier),
    plain('expected calibration error', candidate.expectedCalibrationError),
    ...(evaluation === undefined ? [] : wholeFigures(evaluation, split)),
    { name: 'auc of the parent', split, ...parentModel.auc, cases },
    {
      name: 'auc minus parent',
      split,
      value: comparison.difference,
      low: comparison.low,
      high: comparison.high,
      cases,
    },
    ...report.subgroups.map(({ by, value, studies, candidate: area }): Metric => {
      const { low = null, high = null } =
        evaluation?.subgroups.find((one) => one.by === by && one.value === value)?.figures.auc ?? {}
      return { name: 'auc', split: `held-out, ${by} ${value}`, value: area, low, high, cases: studies }
    }),
    ...(report.sitesLeftOut ?? []).flatMap(({ site, studies, candidate: without, parent }): Metric[] => [
      { name: 'auc', split: `fitted without site ${site}`, ...without, cases: studies },
      { name: 'auc of the parent', split: `site ${site}`, ...parent, cases: studies },
    ]),
  ]
}

function wholeFigures({ candidate, cases: { n: cases } }: EvaluationDocument, split: string): Metric[] {
  const { slope, intercept } = candidate.calibration
  return [
    { name: 'average precision', split, ...candidate.averagePrecision, cases },
    ...(slope === null ? [] : [{ name: 'calibration slope', split, ...slope, cases }]),
    ...(intercept === null ? [] : [{ name: 'calibration intercept', split, ...intercept, cases }]),
  ]
}
