import { auc } from '../training/math/auc.ts'
import { type Confusion, confusionAt } from '../training/math/calibration.ts'

/** What is estimated without labels, and measured where there are labels. */
export const PERFORMANCE_METRICS = [
  'roc-auc',
  'average-precision',
  'f1',
  'precision',
  'recall',
  'specificity',
  'accuracy',
] as const
export type PerformanceMetric = (typeof PERFORMANCE_METRICS)[number]

/** One number a metric; null where the cases do not define it, such as a recall without a positive. */
export type Figures = Readonly<Record<PerformanceMetric, number | null>>

/** One study as a model saw it: its score, and whether that was at or above the threshold in force. */
export interface ScoredCase {
  readonly score: number
  readonly positive: boolean
}

/** A scored study with the truth as a reader gave it; 1 is present. */
export interface LabelledCase extends ScoredCase {
  readonly label: 0 | 1
}

/** The figures that a confusion matrix, counted or expected, defines. */
export function figuresOfConfusion(confusion: Confusion): Omit<Figures, 'roc-auc' | 'average-precision'> {
  const { truePositive, falsePositive, trueNegative, falseNegative } = confusion
  return {
    f1: share(truePositive, truePositive + (falsePositive + falseNegative) / 2),
    precision: share(truePositive, truePositive + falsePositive),
    recall: share(truePositive, truePositive + falseNegative),
    specificity: share(trueNegative, trueNegative + falsePositive),
    accuracy: share(truePositive + trueNegative, truePositive + falsePositive + trueNegative + falseNegative),
  }
}

/** The figures of labelled cases. */
export function realisedFigures(cases: readonly LabelledCase[]): Figures {
  const scores = cases.map((one) => one.score)
  const labels = cases.map((one) => one.label)
  const sides = cases.map((one) => Number(one.positive))
  const positives = labels.reduce<number>((sum, label) => sum + label, 0)
  const bothClasses = positives > 0 && positives < cases.length
  return {
    ...figuresOfConfusion(confusionAt(sides, labels, 1)),
    'roc-auc': bothClasses ? auc(scores, labels) : null,
    'average-precision': positives > 0 ? averagePrecision(scores, labels) : null,
  }
}

/** Sum over the distinct scores, from the highest, of the recall gained times the precision there. */
export function averagePrecision(scores: readonly number[], labels: readonly number[]): number {
  const order = fromHighest(scores)
  const positives = labels.filter((label) => label === 1).length
  let found = 0
  let sum = 0
  for (let begin = 0; begin < order.length; ) {
    let end = begin
    let gained = 0
    for (; end < order.length && scores[order[end] ?? 0] === scores[order[begin] ?? 0]; end++) {
      if (labels[order[end] ?? 0] === 1) gained += 1
    }
    found += gained
    sum += (gained / positives) * (found / end)
    begin = end
  }
  return sum
}

/** Places of the values from the highest down. */
export function fromHighest(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i)
  return order.sort((a, b) => (values[b] as number) - (values[a] as number))
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null
}
