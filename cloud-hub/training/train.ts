import type { DeclaredGates } from '@leadglass/models'
import type { EvaluationDocument } from '@leadglass/ui/contract/hub-api'
import type { StoredRow } from '../lake/index.ts'
import { patientKey } from './cases.ts'
import { TrainingError } from './errors.ts'
import { type EvaluationCase, evaluateCases } from './evaluation/index.ts'
import type { FittedHead, HeadFit } from './fit-head.ts'
import { youdenThresholdMilli } from './math/calibration.ts'
import { operatingPointsOf } from './operating-points.ts'
import { heldOutPatients } from './partition.ts'
import type { TrainingReport } from './report.ts'
import { summaryOf } from './summary.ts'

export const HELD_OUT_SHARE = 0.3

/** Says how far the work is: 0 to 100, and a line for the log. */
export type ProgressPort = (percent: number, message: string) => void

/** What training gives: the new head, and what was measured on patients it never saw. */
export interface Trained {
  readonly head: FittedHead
  readonly heldOut: readonly StoredRow[]
  readonly measured: Pick<
    TrainingReport,
    'cases' | 'prior' | 'trainer' | 'thresholdMilli' | 'candidate' | 'parentModel' | 'comparison' | 'subgroups'
  > & { readonly evaluation: EvaluationDocument }
}

/** The version to improve on the same rows: its probability of each, where it decides, and what it declares of points. */
export interface ParentModel {
  readonly scores: readonly number[]
  readonly threshold: number
  readonly operatingPoints: DeclaredGates['operatingPoints']
}

/**
 * Fits a head on the training part and measures it on the held-out part (30 % of the patients), which is read once, for the
 * figures. Whatever the fit chooses (strength, options, calibration) it chooses by patient-grouped cross-validation on the
 * training part. No randomness but the seed's.
 * @throws {TrainingError} `too-few-cases` when a part lacks a class.
 */
export function train(
  rows: readonly StoredRow[],
  parent: ParentModel,
  fitHead: HeadFit,
  seed: string,
  progress: ProgressPort,
): Trained {
  const grouped = rows.map((row) => ({ patient: patientKey(row), site: row.site, label: row.label }))
  const heldOutSet = heldOutPatients(grouped, HELD_OUT_SHARE, seed)
  const training = rows.filter((row) => !heldOutSet.has(patientKey(row)))
  const heldOut = rows.filter((row) => heldOutSet.has(patientKey(row)))
  for (const part of [training, heldOut]) assertBothClasses(part)
  progress(10, `${training.length} instances to train on, ${heldOut.length} held out`)

  const head = fitHead(training, seed, (share) =>
    progress(10 + share * 70, `cross-validation ${Math.round(share * 100)} %`),
  )
  progress(85, head.said)

  const foldStudies = byStudy(training, (_, i) => head.outOfFold[i] ?? 0)
  const thresholdMilli = head.thresholdMilli ?? youdenThresholdMilli(foldStudies.scores, foldStudies.labels)
  const fitted = head.probabilities(heldOut.map((row) => row.embedding))
  const ofParent = new Map(rows.map((row, i) => [row, parent.scores[i] ?? Number.NaN]))
  const candidateScores = byStudy(heldOut, (_, i) => fitted[i] ?? Number.NaN)
  const scoreOfParent = (row: StoredRow): number => ofParent.get(row) ?? Number.NaN
  const parentStudies = byStudy(heldOut, scoreOfParent)
  const points = operatingPointsOf(
    parent.operatingPoints,
    {
      candidate: thresholdMilli / 1000,
      parent: parent.threshold,
      chosenBy: 'largest Youden index of the out-of-fold probabilities on the training part',
    },
    head.outOfFold.length === training.length
      ? { candidate: foldStudies.scores, parent: byStudy(training, scoreOfParent).scores, labels: foldStudies.labels }
      : undefined,
    head.furtherPoints,
  )
  const evaluation = evaluateCases(casesOf(candidateScores, parentStudies), points)
  return {
    head,
    heldOut,
    measured: {
      cases: { training: countCases(training), heldOut: countCases(heldOut) },
      ...head.chosen,
      thresholdMilli,
      ...summaryOf(evaluation),
      evaluation,
    },
  }
}

/** Scores of studies, one case each. */
export interface StudyScores {
  readonly scores: readonly number[]
  readonly labels: readonly number[]
  readonly studies: readonly StoredRow[]
}

/** One case a study: a study is as positive as its most positive instance, as a reader is shown it. */
export function byStudy(rows: readonly StoredRow[], scoreOf: (row: StoredRow, index: number) => number): StudyScores {
  const best = new Map<string, { readonly row: StoredRow; readonly score: number }>()
  for (const [i, row] of rows.entries()) {
    const key = `${row.site}/${row.study}`
    const score = scoreOf(row, i)
    const known = best.get(key)
    if (known === undefined || score > known.score) best.set(key, { row, score })
  }
  const cases = [...best.values()]
  return {
    scores: cases.map((one) => one.score),
    labels: cases.map((one) => one.row.label),
    studies: cases.map((one) => one.row),
  }
}

/** Studies come in the same order for both models; facts are those of the instance that the candidate scores highest. */
function casesOf(candidate: StudyScores, parent: StudyScores): EvaluationCase[] {
  return candidate.studies.map((row, i) => ({
    score: candidate.scores[i] ?? Number.NaN,
    runningScore: parent.scores[i] ?? Number.NaN,
    label: row.label,
    patient: patientKey(row),
    site: row.site,
    view: row.view,
    sex: row.sex,
    ageDecade: row.ageDecade,
  }))
}

function countCases(rows: readonly StoredRow[]): TrainingReport['cases']['training'] {
  const { labels } = byStudy(rows, () => 0)
  const positives = labels.filter((label) => label === 1).length
  const patients = new Set(rows.map(patientKey)).size
  return { studies: labels.length, patients, positives, negatives: labels.length - positives }
}

function assertBothClasses(rows: readonly StoredRow[]): void {
  const { positives, negatives } = countCases(rows)
  if (positives >= 2 && negatives >= 2) return
  throw new TrainingError('too-few-cases', `a part has ${positives} positive and ${negatives} negative studies`)
}
