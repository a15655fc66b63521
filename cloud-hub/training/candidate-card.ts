import { declarationOf, type ModelPackage } from '@leadglass/models'
import type { JsonValue } from '@leadglass/sync-agent/foundation'
import type { EvaluationDocument, EvaluationEstimate } from '@leadglass/ui/contract/hub-api'
import type { SnapshotManifest } from '../lake/index.ts'
import type { TrainingReport } from './report.ts'

/** The parent's card with the data, the training and the figures of the candidate in place of the parent's. */
export function candidateCard(
  parent: ModelPackage,
  snapshot: SnapshotManifest,
  report: TrainingReport,
  version: string,
): JsonValue {
  const card = parent.card as unknown as Readonly<Record<string, JsonValue>>
  return {
    ...card,
    declaration: declarationOf(parent.model.digest, parent.card) as unknown as JsonValue,
    version,
    data: {
      snapshot: report.snapshot,
      finding: report.finding,
      accounting: snapshot.accounting as unknown as JsonValue,
      positives: snapshot.positives,
      negatives: snapshot.negatives,
      patients: snapshot.patients,
      sites: snapshot.sites as unknown as JsonValue,
      split: 'patient-grouped; 30 % of the patients, with and without a positive study alike, held out by hash',
      labels: 'the latest reading of each study by a reader at its site; uncertain readings left out',
      parentData: card.data ?? null,
    },
    training: {
      ...methodOf(report),
      parent: report.parent,
      code: report.code,
      seed: report.seed,
      cases: report.cases as unknown as JsonValue,
      gates: report.gates as unknown as JsonValue,
      gatesDeclaredBy: report.gatesDeclaredBy ?? null,
      exportParity: report.parity as unknown as JsonValue,
    },
    metrics: [...metricsOf(report), ...otherFigures(card.metrics, report.finding)],
    evaluation: (report.evaluation ?? null) as unknown as JsonValue,
    limits: [
      'Measured on held-out patients of the same sites; expect it to differ elsewhere.',
      'Wilson intervals of sensitivity and specificity treat studies of the same patient as independent; those of the AUC do not.',
      ...((card.limits ?? []) as readonly JsonValue[]),
    ],
  }
}

/** How the head was fitted, in words and with everything that was chosen. */
function methodOf({ prior, trainer }: TrainingReport): Readonly<Record<string, JsonValue>> {
  if (trainer === undefined) {
    return {
      method:
        'logistic regression on the embedding with a Gaussian prior around the recalibrated weights of the parent; its strength by repeated patient-grouped cross-validation',
      ...(prior === undefined ? {} : { priorStrength: prior.strength, tried: prior.candidates }),
    }
  }
  const calibrated =
    trainer.calibration === 'none' ? 'not calibrated' : `${trainer.calibration} calibration on the folds`
  return {
    method: `${trainer.name} on the embedding; options by patient-grouped cross-validation; ${calibrated}`,
    trainer: trainer,
    ...(trainer.name === 'multilayer-perceptron'
      ? {
          explanation:
            'no contributions of single dimensions: the network is not additive; heat maps are made as of any head',
        }
      : {}),
  }
}

/** The parent's figures of scores that this run did not touch: their graphs are the parent's, byte for byte. */
function otherFigures(metrics: JsonValue | undefined, finding: string): readonly JsonValue[] {
  const figures = Array.isArray(metrics) ? (metrics as readonly JsonValue[]) : []
  return figures.filter(
    (figure) => typeof figure === 'object' && figure !== null && 'output' in figure && figure.output !== finding,
  )
}

function metricsOf(report: TrainingReport): readonly JsonValue[] {
  const { studies, patients } = report.cases.heldOut
  const { candidate } = report
  const on = { split: 'held-out', studies, patients }
  const entry = (
    metric: string,
    interval: string,
    figures: { readonly value: number; readonly low: number; readonly high: number },
  ): JsonValue => ({ metric, interval, ...on, value: figures.value, low: figures.low, high: figures.high })
  const { difference, low, high, p } = report.comparison
  return [
    entry('auc', 'DeLong 95 %, patients as clusters (Obuchowski 1997)', candidate.auc),
    entry('sensitivity', 'Wilson 95 %', candidate.sensitivity),
    entry('specificity', 'Wilson 95 %', candidate.specificity),
    { metric: 'brier', ...on, value: candidate.brier },
    { metric: 'expected-calibration-error', ...on, value: candidate.expectedCalibrationError },
    ...wholeFigures(report.evaluation, entry),
    entry('parent-auc', 'DeLong 95 %, patients as clusters (Obuchowski 1997)', report.parentModel.auc),
    {
      metric: 'auc-minus-parent',
      interval: 'paired DeLong 95 %, patients as clusters',
      ...on,
      value: difference,
      low,
      high,
      p,
    },
    ...groupFigures(report),
  ]
}

type Entry = (metric: string, interval: string, figures: EvaluationEstimate) => JsonValue

/** Figures that the first version of reports did not have. */
function wholeFigures(evaluation: EvaluationDocument | undefined, entry: Entry): readonly JsonValue[] {
  if (evaluation === undefined) return []
  const { averagePrecision, calibration } = evaluation.candidate
  const resampled = `bootstrap 95 %, ${evaluation.resamples} resamples of patients`
  const sandwich = 'sandwich 95 %, patients as clusters'
  return [
    entry('average-precision', resampled, averagePrecision),
    ...(calibration.slope === null ? [] : [entry('calibration-slope', sandwich, calibration.slope)]),
    ...(calibration.intercept === null ? [] : [entry('calibration-intercept', sandwich, calibration.intercept)]),
  ]
}

/** Of each group with enough cases: its area, and how much it differs from all other cases. */
function groupFigures({ subgroups, evaluation }: TrainingReport): readonly JsonValue[] {
  const interval = 'DeLong 95 %, patients as clusters (Obuchowski 1997)'
  return subgroups.flatMap(({ by, value, studies, candidate, parent }): JsonValue[] => {
    const group = evaluation?.subgroups.find((one) => one.by === by && one.value === value)
    const split = `held-out, ${by} ${value}`
    const { low, high } = group?.figures.auc ?? {}
    const bounds = low === undefined || high === undefined ? {} : { interval, low, high }
    const difference = group?.lessRest.auc ?? null
    return [
      { metric: 'auc', split, studies, value: candidate, parent, ...bounds },
      ...(difference === null ? [] : [{ metric: 'auc-less-others', split, studies, interval, ...difference }]),
    ]
  })
}
