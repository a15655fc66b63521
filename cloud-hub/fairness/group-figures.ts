import type { CaseColumns, GroupRows } from './case-columns.ts'

const CALIBRATION_BINS = 10

/** What is told of every group. Null where its cases do not define the figure. */
export const GROUP_METRICS = [
  'selection-rate',
  'true-positive-rate',
  'false-positive-rate',
  'precision',
  'accuracy',
  'roc-auc',
  'calibration-error',
  'calibration-in-the-large',
] as const
export type GroupMetric = (typeof GROUP_METRICS)[number]
export type GroupFigures = Readonly<Record<GroupMetric, number | null>>

/**
 * The figures of some cases, in one walk by rising score.
 * @param weights one a case of the columns, such as how often a resample drew its patient; every case counts once without.
 */
export function figuresOf(columns: CaseColumns, rows: GroupRows, weights?: Float64Array): GroupFigures {
  const { scores, labels, positive } = columns
  const bins = new Float64Array(CALIBRATION_BINS)
  let [n, positives, truePositives, falsePositives, scoreSum] = [0, 0, 0, 0, 0]
  let [negativesBelow, area] = [0, 0]
  for (let begin = 0; begin < rows.length; ) {
    const score = scores[rows[begin] as number] as number
    const bin = Math.max(0, Math.min(CALIBRATION_BINS - 1, Math.floor(score * CALIBRATION_BINS)))
    let [tiedPositives, tiedNegatives] = [0, 0]
    let end = begin
    for (; end < rows.length && scores[rows[end] as number] === score; end++) {
      const row = rows[end] as number
      const weight = weights === undefined ? 1 : (weights[row] as number)
      if (labels[row] === 1) tiedPositives += weight
      else tiedNegatives += weight
      if (positive[row] === 0) continue
      if (labels[row] === 1) truePositives += weight
      else falsePositives += weight
    }
    const tied = tiedPositives + tiedNegatives
    area += tiedPositives * (negativesBelow + tiedNegatives / 2)
    negativesBelow += tiedNegatives
    positives += tiedPositives
    n += tied
    scoreSum += score * tied
    bins[bin] = (bins[bin] as number) + score * tied - tiedPositives
    begin = end
  }
  const negatives = n - positives
  return {
    'selection-rate': share(truePositives + falsePositives, n),
    'true-positive-rate': share(truePositives, positives),
    'false-positive-rate': share(falsePositives, negatives),
    precision: share(truePositives, truePositives + falsePositives),
    accuracy: share(truePositives + negatives - falsePositives, n),
    'roc-auc': share(area, positives * negatives),
    'calibration-error': share(
      bins.reduce((sum, difference) => sum + Math.abs(difference), 0),
      n,
    ),
    'calibration-in-the-large': n > 0 ? (scoreSum - positives) / n : null,
  }
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null
}
