import { declarationOf, type ModelPackage } from '@leadglass/models'
import type { JsonValue } from '@leadglass/sync-agent/foundation'
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
      method:
        'logistic regression on the embedding with a Gaussian prior around the recalibrated weights of the parent; its strength by repeated patient-grouped cross-validation',
      parent: report.parent,
      code: report.code,
      seed: report.seed,
      priorStrength: report.prior.strength,
      tried: report.prior.candidates as unknown as JsonValue,
      cases: report.cases as unknown as JsonValue,
      gates: report.gates as unknown as JsonValue,
      exportParity: report.parity as unknown as JsonValue,
    },
    metrics: [...metricsOf(report), ...otherFigures(card.metrics, report.finding)],
    limits: [
      'Measured on held-out patients of the same sites; expect it to differ elsewhere.',
      'Wilson intervals of sensitivity and specificity treat studies of the same patient as independent; those of the AUC do not.',
      ...((card.limits ?? []) as readonly JsonValue[]),
    ],
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
    ...report.subgroups.map(({ by, value, studies: n, candidate: area, parent }) => ({
      metric: 'auc',
      split: `held-out, ${by} ${value}`,
      studies: n,
      value: area,
      parent,
    })),
  ]
}
