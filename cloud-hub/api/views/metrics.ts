import type { Metric, GateResult as ShownGate } from '@leadglass/ui/contract/hub-api'
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
  const { candidate, parentModel, comparison } = report
  const plain = (name: string, value: number): Metric => ({ name, split, value, low: null, high: null, cases })
  return [
    { name: 'auc', split, ...candidate.auc, cases },
    { name: 'sensitivity', split, ...candidate.sensitivity, cases: report.cases.heldOut.positives },
    { name: 'specificity', split, ...candidate.specificity, cases: report.cases.heldOut.negatives },
    plain('brier', candidate.brier),
    plain('expected calibration error', candidate.expectedCalibrationError),
    { name: 'auc of the parent', split, ...parentModel.auc, cases },
    {
      name: 'auc minus parent',
      split,
      value: comparison.difference,
      low: comparison.low,
      high: comparison.high,
      cases,
    },
    ...report.subgroups.map(
      (group): Metric => ({
        name: 'auc',
        split: `held-out, ${group.by} ${group.value}`,
        value: group.candidate,
        low: null,
        high: null,
        cases: group.studies,
      }),
    ),
  ]
}

const WANTED: Readonly<Record<TrainingReport['gates'][number]['gate'], (limit: number) => string>> = {
  positives: (limit) => `at least ${limit} positive held-out studies`,
  negatives: (limit) => `at least ${limit} negative held-out studies`,
  patients: (limit) => `at least ${limit} held-out patients`,
  'not-worse-than-parent': (limit) => `AUC at most ${-limit} below the parent on the same studies`,
  'not-significantly-worse': (limit) => `upper end of the 95 % interval of that difference at least ${limit}`,
  'export-parity': (limit) => `exported graph within ${limit} of the trainer`,
}

/** The gates in words. */
export function gatesOfReport(report: TrainingReport): ShownGate[] {
  return report.gates.map(({ gate, limit, measured, passed }) => ({
    name: gate,
    wanted: WANTED[gate](limit),
    value: measured,
    holds: passed,
  }))
}
