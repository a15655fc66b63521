import type { EvaluationEstimate } from '@leadglass/ui/contract/hub-api'
import type { RankedCases } from '../math/area.ts'
import { seededNumbers } from '../trainers/seeded-numbers.ts'
import type { CaseTable } from './case-table.ts'

/** Resamples of the bootstrap; its percentiles need about this many. */
export const RESAMPLES = 1000
/** The bootstrap is a figure of the report: the same cases give the same interval. */
const SEED = 20_260_101

/** Average precision of one or of two models, and of their difference, with percentile bootstrap intervals over patients. */
export interface AveragePrecisions {
  readonly candidate: EvaluationEstimate
  readonly running: EvaluationEstimate | null
  readonly difference: EvaluationEstimate | null
}

/** A model's scores in falling order, tied ones together. */
interface Falling {
  readonly order: RankedCases
  /** 1 where the next case has another score. */
  readonly ends: Uint8Array
}

/** Patients are drawn with all their cases, both models on the same draws. `orders` are by rising score. */
export function averagePrecisions(
  table: CaseTable,
  orders: { readonly candidate: RankedCases; readonly running: RankedCases | null },
): AveragePrecisions {
  const { labels, patients, patientCount, scores, runningScores } = table
  const first = falling(scores, orders.candidate)
  const second = runningScores === null || orders.running === null ? undefined : falling(runningScores, orders.running)
  const whole = new Float64Array(table.n).fill(1)
  const numbers = seededNumbers(SEED)
  const drawn = new Float64Array(patientCount)
  const weights = new Float64Array(table.n)
  const ofFirst: number[] = []
  const ofSecond: number[] = []
  for (let resample = 0; resample < RESAMPLES; resample++) {
    drawn.fill(0)
    for (let i = 0; i < patientCount; i++) {
      const patient = numbers.below(patientCount)
      drawn[patient] = (drawn[patient] ?? 0) + 1
    }
    for (let i = 0; i < weights.length; i++) weights[i] = drawn[patients[i] ?? 0] ?? 0
    const value = averagePrecision(labels, weights, first)
    // A draw without a positive case says nothing of precision.
    if (Number.isNaN(value)) continue
    ofFirst.push(value)
    if (second !== undefined) ofSecond.push(averagePrecision(labels, weights, second))
  }
  const candidate = averagePrecision(labels, whole, first)
  const running = second === undefined ? null : averagePrecision(labels, whole, second)
  return {
    candidate: percentiles(candidate, ofFirst),
    running: running === null ? null : percentiles(running, ofSecond),
    difference:
      running === null
        ? null
        : percentiles(
            candidate - running,
            ofFirst.map((value, i) => value - (ofSecond[i] ?? 0)),
          ),
  }
}

/** Sum over falling thresholds of the gain in recall times the precision there. NaN without a positive case. */
function averagePrecision(labels: Uint8Array, weights: Float64Array, { order, ends }: Falling): number {
  let taken = 0
  let found = 0
  let before = 0
  let sum = 0
  for (let place = 0; place < order.length; place++) {
    const index = order[place] as number
    const weight = weights[index] as number
    taken += weight
    if (labels[index] === 1) found += weight
    if (ends[place] === 1 && found > before) {
      sum += (found - before) * (found / taken)
      before = found
    }
  }
  return sum / found
}

function falling(scores: Float64Array, rising: RankedCases): Falling {
  const order = Int32Array.from(rising).reverse()
  const ends = Uint8Array.from(order, (index, place) =>
    place + 1 === order.length || scores[order[place + 1] ?? 0] !== scores[index] ? 1 : 0,
  )
  return { order, ends }
}

/** The 2.5th and 97.5th percentile of the draws, linear between them. */
function percentiles(value: number, draws: readonly number[]): EvaluationEstimate {
  const sorted = Float64Array.from(draws).sort()
  const at = (share: number): number => {
    const place = share * (sorted.length - 1)
    const below = sorted[Math.floor(place)] ?? value
    return below + (place % 1) * ((sorted[Math.ceil(place)] ?? value) - below)
  }
  return { value, low: at(0.025), high: at(0.975) }
}
