import type { ModelPackage } from '@leadglass/models'
import { type EvaluationView, evaluationDocument } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { type TrainingRun, trainingReport } from '../../training/index.ts'
import { gatesOfReport } from './gates.ts'

const NOTHING: EvaluationView = { finding: null, evaluation: null, gates: [], gatesDeclaredBy: null }

/** What a run measured. */
export function runEvaluationView({ finding, report }: TrainingRun): EvaluationView {
  if (report === null) return { ...NOTHING, finding }
  return {
    finding,
    evaluation: report.evaluation ?? null,
    gates: gatesOfReport(report.gates),
    gatesDeclaredBy: report.gatesDeclaredBy ?? null,
  }
}

/** The parts of a card that the hub's own training writes. Cards of other trainers have none of them. */
const evaluatedCard = z.looseObject({
  evaluation: evaluationDocument,
  data: z.looseObject({ finding: z.string() }),
  training: z.looseObject({
    gates: trainingReport.shape.gates,
    gatesDeclaredBy: z.enum(['package', 'default']),
  }),
})

/** What the card of a version says about its evaluation. */
export function versionEvaluationView({ card }: Pick<ModelPackage, 'card'>): EvaluationView {
  const parsed = evaluatedCard.safeParse(card)
  if (!parsed.success) return NOTHING
  const { evaluation, data, training } = parsed.data
  const { gates, gatesDeclaredBy } = training
  return { finding: data.finding, evaluation, gates: gatesOfReport(gates), gatesDeclaredBy }
}
