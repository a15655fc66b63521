import type { EvaluatedModel } from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import { tieAt } from '../math/area.ts'
import type { CaseTable } from './case-table.ts'

/** Most points of a curve in the report; a curve with more is thinned evenly, its ends stay. */
export const CURVE_POINTS = 100
/** Thresholds of the decision curve: 0.01 to 0.99. */
const DECISION_STEPS = 99

type Curve = EvaluatedModel['roc']

/** Points of the ROC curve (1 - specificity, sensitivity) and of the precision-recall curve (recall, precision). */
export function curvesOf(
  { labels }: CaseTable,
  scores: Float64Array,
  rising: RankedCases,
): { readonly roc: Curve; readonly precisionRecall: Curve } {
  const order = Int32Array.from(rising).reverse()
  let positives = 0
  for (const index of order) positives += labels[index] ?? 0
  const negatives = order.length - positives
  const roc: Curve = [[0, 0]]
  const precisionRecall: Curve = []
  let found = 0
  for (let begin = 0; begin < order.length; ) {
    const { end, tied } = tieAt(labels, scores, order, begin)
    found += tied
    roc.push([(end - found) / negatives, found / positives])
    precisionRecall.push([found / positives, found / end])
    begin = end
  }
  return { roc: thinned(roc), precisionRecall: thinned(precisionRecall) }
}

/** The share of cases that are judged rightly at a threshold, a false alarm weighed by its odds (Vickers and Elkin 2006). */
export function decisionCurve(
  { labels, n }: CaseTable,
  first: { readonly scores: Float64Array; readonly order: RankedCases },
  second: { readonly scores: Float64Array; readonly order: RankedCases } | null,
): [number, number, number | null, number][] {
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const prevalence = positives / n
  const benefits = (model: { readonly scores: Float64Array; readonly order: RankedCases }): number[] => {
    let place = 0
    let [truePositives, falsePositives] = [positives, n - positives]
    return thresholds().map((threshold) => {
      while (place < n && (model.scores[model.order[place] ?? 0] ?? 0) < threshold) {
        if (labels[model.order[place++] ?? 0] === 1) truePositives -= 1
        else falsePositives -= 1
      }
      return truePositives / n - (falsePositives / n) * (threshold / (1 - threshold))
    })
  }
  const candidate = benefits(first)
  const running = second === null ? [] : benefits(second)
  return thresholds().map((threshold, i) => [
    threshold,
    rounded(candidate[i] ?? 0),
    second === null ? null : rounded(running[i] ?? 0),
    rounded(prevalence - (1 - prevalence) * (threshold / (1 - threshold))),
  ])
}

function thresholds(): number[] {
  return Array.from({ length: DECISION_STEPS }, (_, i) => (i + 1) / 100)
}

/** Curves are for looking at: six digits, and so many points. */
function thinned(points: Curve): Curve {
  const last = points.length - 1
  const most = Math.min(points.length, CURVE_POINTS)
  const places = Array.from({ length: most }, (_, i) => (most === 1 ? last : Math.round((i * last) / (most - 1))))
  return places.map((place): [number, number] => {
    const [x = 0, y = 0] = points[place] ?? []
    return [rounded(x), rounded(y)]
  })
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
