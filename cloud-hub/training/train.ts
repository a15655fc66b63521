import type { StoredRow } from '../lake/index.ts'
import { designOf, patientKey, recalibrated } from './cases.ts'
import { chooseStrength, FOLDS } from './choose-strength.ts'
import { TrainingError } from './errors.ts'
import type { LinearHead } from './head-graph.ts'
import { headProbability } from './head-graph.ts'
import { auc, aucWithInterval, compareAuc } from './math/auc.ts'
import { brier, confusionAt, expectedCalibrationError, wilson, youdenThresholdMilli } from './math/calibration.ts'
import { fitLogistic, sigmoid } from './math/logistic.ts'
import { heldOutPatients } from './partition.ts'
import type { Evaluation, TrainingReport } from './report.ts'

const HELD_OUT_SHARE = 0.3
/** A subgroup is reported when it has this many studies and both classes. */
const SUBGROUP_STUDIES = 20

/** Says how far the work is: 0 to 100, and a line for the log. */
export type ProgressPort = (percent: number, message: string) => void

/** What training gives: the new head, and what was measured on patients it never saw. */
export interface Trained {
  readonly head: LinearHead
  readonly heldOut: readonly StoredRow[]
  readonly measured: Pick<
    TrainingReport,
    'cases' | 'prior' | 'thresholdMilli' | 'candidate' | 'parentModel' | 'comparison' | 'subgroups'
  >
}

/**
 * Retrains a linear head on embeddings: logistic regression with a Gaussian prior around the parent's weights,
 * recalibrated to this site, on the parent's own standardisation. The strength of the prior is chosen by patient-grouped cross-validation on the training
 * part; the held-out part (30 % of the patients) is read once, for the figures. No randomness but the seed's.
 * @throws {TrainingError} `too-few-cases` when a part lacks a class.
 */
export function train(
  rows: readonly StoredRow[],
  parent: LinearHead,
  parentThreshold: number,
  seed: string,
  progress: ProgressPort,
): Trained {
  const grouped = rows.map((row) => ({ patient: patientKey(row), label: row.label }))
  const heldOutSet = heldOutPatients(grouped, HELD_OUT_SHARE, seed)
  const training = rows.filter((row) => !heldOutSet.has(patientKey(row)))
  const heldOut = rows.filter((row) => heldOutSet.has(patientKey(row)))
  for (const part of [training, heldOut]) assertBothClasses(part)
  progress(10, `${training.length} instances to train on, ${heldOut.length} held out`)

  const chosen = chooseStrength(training, parent, seed, (share) =>
    progress(10 + share * 70, `cross-validation ${Math.round(share * 100)} %`),
  )
  const design = designOf(training, parent)
  const fitted = fitLogistic(design, recalibrated(design, parent), chosen.strength)
  const head: LinearHead = {
    mean: parent.mean,
    scale: parent.scale,
    weight: Float32Array.from(fitted.weight),
    bias: Math.fround(fitted.bias),
  }
  progress(85, `prior strength ${chosen.strength}`)

  const foldStudies = byStudy(training, (_, i) => sigmoid(chosen.logits[i] ?? 0))
  const thresholdMilli = youdenThresholdMilli(foldStudies.scores, foldStudies.labels)
  const candidateScores = byStudy(heldOut, (row) => headProbability(head, row.embedding))
  const parentScores = byStudy(heldOut, (row) => headProbability(parent, row.embedding))
  const { labels } = candidateScores
  const patients = candidateScores.studies.map(patientKey)
  return {
    head,
    heldOut,
    measured: {
      cases: { training: countCases(training), heldOut: countCases(heldOut) },
      prior: { strength: chosen.strength, candidates: chosen.tried, folds: FOLDS },
      thresholdMilli,
      candidate: evaluate(candidateScores.scores, labels, patients, thresholdMilli / 1000),
      parentModel: evaluate(parentScores.scores, labels, patients, parentThreshold),
      comparison: compareAuc(candidateScores.scores, parentScores.scores, labels, patients),
      subgroups: subgroups(candidateScores, parentScores),
    },
  }
}

interface StudyScores {
  readonly scores: readonly number[]
  readonly labels: readonly number[]
  readonly studies: readonly StoredRow[]
}

/** One case a study: a study is as positive as its most positive instance, as a reader is shown it. */
function byStudy(rows: readonly StoredRow[], scoreOf: (row: StoredRow, index: number) => number): StudyScores {
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

function evaluate(
  scores: readonly number[],
  labels: readonly number[],
  patients: readonly string[],
  threshold: number,
): Evaluation {
  const counts = confusionAt(scores, labels, threshold)
  return {
    auc: aucWithInterval(scores, labels, patients),
    sensitivity: wilson(counts.truePositive, counts.truePositive + counts.falseNegative),
    specificity: wilson(counts.trueNegative, counts.trueNegative + counts.falsePositive),
    threshold,
    brier: brier(scores, labels),
    expectedCalibrationError: expectedCalibrationError(scores, labels),
  }
}

function subgroups(candidate: StudyScores, parent: StudyScores): TrainingReport['subgroups'] {
  const result: TrainingReport['subgroups'] = []
  for (const by of ['view', 'sex'] as const) {
    for (const value of [...new Set(candidate.studies.map((study) => study[by]))].sort()) {
      const members = candidate.studies.flatMap((study, i) => (study[by] === value ? [i] : []))
      const labels = members.map((i) => candidate.labels[i] ?? 0)
      if (members.length < SUBGROUP_STUDIES || new Set(labels).size < 2) continue
      const area = (of: StudyScores): number =>
        auc(
          members.map((i) => of.scores[i] ?? 0),
          labels,
        )
      result.push({ by, value, studies: members.length, candidate: area(candidate), parent: area(parent) })
    }
  }
  return result
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
