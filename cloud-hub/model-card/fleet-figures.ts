import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { DriftEntry } from '../drift/index.ts'
import { aucWithInterval, type Interval } from '../training/math/auc.ts'
import { confusionAt, wilson } from '../training/math/calibration.ts'

/** Fewer cases of a class than this give counts only: an estimate on them would say nothing. */
export const MINIMUM_OF_A_CLASS = 10

/** Scores against the latest reading of each study, in one group of studies. Estimates are null on too few cases. */
export interface LocalFigures {
  readonly group: string
  readonly studies: number
  readonly positives: number
  readonly negatives: number
  readonly auc: Interval | null
  readonly sensitivity: Interval | null
  readonly specificity: Interval | null
}

/** What the fleet knows of one output of a version. */
export interface LocalFinding extends LocalFigures {
  readonly finding: string
  readonly sites: number
  /** First and last month of the studies, `2026-11`. */
  readonly window: { readonly from: string; readonly to: string }
  readonly subgroups: readonly LocalFigures[]
}

/** Verdicts of the drift tests over features, sites and months. */
export interface LocalDrift {
  readonly comparisons: number
  readonly stable: number
  readonly moderate: number
  readonly major: number
  readonly tooFew: number
  readonly window: { readonly from: string; readonly to: string } | null
}

export interface FleetFigures {
  readonly findings: readonly LocalFinding[]
  readonly drift: LocalDrift
}

/** A study with the highest score of its instances at the revision that was read. Found by the label, then the study. */
export const SQL_LOCAL_CASES = `SELECT i.device AS site, min(f.patient) AS patient, l.finding, min(l.value) AS value,
  max(s.value) AS score, min(s.threshold_milli) AS threshold, min(f.sex) AS sex, min(f.age_decade) AS decade, min(f.month) AS month
  FROM instance_features f
  JOIN instance_scores s ON s.envelope = f.envelope
  JOIN envelope_inbox fi ON fi.id = f.envelope
  JOIN study_labels l ON l.finding = s.code AND l.study = f.study AND l.revision = f.revision
  JOIN envelope_inbox i ON i.id = l.envelope AND i.device = fi.device
  WHERE f.model_name = ? AND f.model_digest = ? AND l.value <> 'uncertain' AND NOT EXISTS (
    SELECT 1 FROM study_labels later JOIN envelope_inbox li ON li.id = later.envelope
    WHERE later.finding = l.finding AND later.study = l.study AND later.envelope > l.envelope AND li.device = i.device)
  GROUP BY i.device, f.study, l.finding ORDER BY l.finding, i.device, f.study`

const localCase = z.object({
  site: z.string(),
  patient: z.string(),
  finding: z.string(),
  value: z.enum(['present', 'absent']),
  score: z.number(),
  threshold: z.number(),
  sex: z.string(),
  decade: z.number().nullable(),
  month: z.string(),
})
type LocalCase = z.infer<typeof localCase>

/** Computes what sites' labels, scores and drift counts say of a version. Nothing is estimated where nothing is known. */
export function fleetFigures(
  database: Database.Database,
  model: { readonly name: string; readonly digest: string },
  drift: readonly DriftEntry[],
): FleetFigures {
  const cases = z.array(localCase).parse(database.prepare(SQL_LOCAL_CASES).all(model.name, model.digest))
  const findings = [...Map.groupBy(cases, (one) => one.finding)].map(([finding, of]) => localFinding(finding, of))
  return { findings, drift: localDrift(drift.filter((entry) => entry.model.digest === model.digest)) }
}

function localFinding(finding: string, cases: readonly LocalCase[]): LocalFinding {
  const groups = [
    ...Map.groupBy(cases, (one) => `sex ${one.sex}`),
    ...Map.groupBy(cases, (one) => (one.decade === null ? 'age unknown' : `age ${one.decade} to ${one.decade + 9}`)),
  ]
  return {
    finding,
    sites: new Set(cases.map((one) => one.site)).size,
    window: windowOf(cases.map((one) => one.month)) ?? { from: '', to: '' },
    ...localFigures('all', cases),
    subgroups: groups.map(([group, of]) => localFigures(group, of)),
  }
}

function localFigures(group: string, cases: readonly LocalCase[]): LocalFigures {
  const labels = cases.map((one) => Number(one.value === 'present'))
  const positives = labels.filter((label) => label === 1).length
  const negatives = labels.length - positives
  const counts = { group, studies: cases.length, positives, negatives }
  if (Math.min(positives, negatives) < MINIMUM_OF_A_CLASS) {
    return { ...counts, auc: null, sensitivity: null, specificity: null }
  }
  const patients = cases.map((one) => `${one.site}/${one.patient}`)
  const scores = cases.map((one) => one.score)
  const above = cases.map((one) => Number(one.score * 1000 >= one.threshold))
  // By each case's own threshold, which a site may have set.
  const { truePositive, trueNegative } = confusionAt(above, labels, 0.5)
  return {
    ...counts,
    auc: aucWithInterval(scores, labels, patients),
    sensitivity: wilson(truePositive, positives),
    specificity: wilson(trueNegative, negatives),
  }
}

function localDrift(entries: readonly DriftEntry[]): LocalDrift {
  const count = (verdict: DriftEntry['verdict']): number => entries.filter((one) => one.verdict === verdict).length
  return {
    comparisons: entries.length,
    stable: count('stable'),
    moderate: count('moderate'),
    major: count('major'),
    tooFew: count('too-few'),
    window: windowOf(entries.map((entry) => entry.month)),
  }
}

function windowOf(months: readonly string[]): { readonly from: string; readonly to: string } | null {
  const sorted = [...months].sort()
  const [from] = sorted
  const to = sorted.at(-1)
  return from === undefined || to === undefined ? null : { from, to }
}
