import type { Confusion } from '../training/math/calibration.ts'
import { chunksByCount } from './chunks.ts'
import { expectedPerformance } from './expected.ts'
import {
  type LabelledCase,
  PERFORMANCE_METRICS,
  type PerformanceMetric,
  realisedFigures,
  type ScoredCase,
} from './figures.ts'
import { deviationOf, type Spreads, samplingError, spreadsOf } from './sampling-error.ts'
import { chooseCalibration, type ScoreCalibration } from './score-calibration.ts'

/** Bands and limits lie this many standard errors or deviations away. */
const WIDTH = 3
/** Fewer chunks of the reference say nothing about how chunks spread; chance alone does then. */
const FEWEST_REFERENCE_CHUNKS = 3

/** The least that a reference must have: labelled studies, and of each class. */
export const REFERENCE_MINIMUM = { cases: 300, ofEachClass: 30 } as const

/** Why nothing can be estimated from a reference. */
export type ReferenceDoubt = 'too-few-cases' | 'too-few-positives' | 'too-few-negatives' | 'scores-not-finite'

/** One figure of a chunk with its band by sampling error and the limits beyond which it is alarming. */
export interface Estimate {
  readonly value: number | null
  readonly samplingError: number | null
  readonly low: number | null
  readonly high: number | null
  readonly lowerLimit: number | null
  readonly upperLimit: number | null
  /** The estimate itself lies beyond a limit. */
  readonly beyond: boolean
}

/** What is to be expected of one chunk. */
export interface ChunkEstimate {
  readonly n: number
  /** Cases whose score is no finite number: left out. */
  readonly unusable: number
  /** Share of the scores that lie outside of what the reference has seen; there the estimate has no ground. */
  readonly outsideSupport: number
  readonly confusion: Confusion
  readonly figures: Readonly<Record<PerformanceMetric, Estimate>>
}

/** Limits of a figure, and what they are from. */
export interface Limits {
  readonly from: 'reference-chunks' | 'sampling-error'
  readonly of: Readonly<Record<PerformanceMetric, { readonly lower: number | null; readonly upper: number | null }>>
}

/** Estimates performance without labels, from a reference that has them. Made by `fitEstimator`. */
export interface Estimator {
  readonly calibration: ScoreCalibration
  readonly support: readonly [low: number, high: number]
  readonly spreads: Spreads
  /** Mean of the realised figures plus and minus three standard deviations over chunks of this many cases. */
  limitsFor(chunkSize: number): Limits
  estimate(cases: readonly ScoredCase[], limits: Limits): ChunkEstimate
}

/** An estimator, or why there can be none. */
export type FitOutcome =
  | { readonly state: 'fitted'; readonly estimator: Estimator }
  | { readonly state: 'refused'; readonly reason: ReferenceDoubt }

/** Whether labelled cases can be a reference. */
export function doubtOf(cases: readonly LabelledCase[]): ReferenceDoubt | undefined {
  const positives = cases.filter((one) => one.label === 1).length
  if (cases.some((one) => !Number.isFinite(one.score))) return 'scores-not-finite'
  if (cases.length < REFERENCE_MINIMUM.cases) return 'too-few-cases'
  if (positives < REFERENCE_MINIMUM.ofEachClass) return 'too-few-positives'
  return cases.length - positives < REFERENCE_MINIMUM.ofEachClass ? 'too-few-negatives' : undefined
}

/**
 * Learns from labelled cases what a score is worth.
 * @param reference in the order in which chunks of it are to be cut.
 * @param seed of the splits and resamples; the same gives the same estimator.
 */
export function fitEstimator(reference: readonly LabelledCase[], seed: number): FitOutcome {
  const reason = doubtOf(reference)
  if (reason !== undefined) return { state: 'refused', reason }
  const calibration = chooseCalibration(reference, seed)
  const spreads = spreadsOf(reference, seed)
  const support = reference.reduce<[number, number]>(
    ([low, high], { score }) => [Math.min(low, score), Math.max(high, score)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  return {
    state: 'fitted',
    estimator: {
      calibration,
      support,
      spreads,
      limitsFor: (chunkSize) => limitsFrom(reference, spreads, chunkSize),
      estimate: (cases, limits) => estimateChunk({ calibration, support, spreads }, cases, limits),
    },
  }
}

function estimateChunk(
  { calibration, support, spreads }: Pick<Estimator, 'calibration' | 'support' | 'spreads'>,
  cases: readonly ScoredCase[],
  limits: Limits,
): ChunkEstimate {
  const usable = cases.filter((one) => Number.isFinite(one.score))
  const probabilities = Float64Array.from(usable, ({ score }) => within(calibration.probabilityOf(score)))
  const { figures, confusion } = expectedPerformance(usable, probabilities)
  const n = usable.length
  const outside = usable.filter(({ score }) => score < support[0] || score > support[1]).length
  const estimates = PERFORMANCE_METRICS.map((metric): [PerformanceMetric, Estimate] => {
    const value = figures[metric]
    const error = samplingError(spreads[metric], n)
    const { lower, upper } = limits.of[metric]
    return [
      metric,
      {
        value,
        samplingError: error,
        low: value === null || error === null ? null : Math.max(0, value - WIDTH * error),
        high: value === null || error === null ? null : Math.min(1, value + WIDTH * error),
        lowerLimit: lower,
        upperLimit: upper,
        beyond: value !== null && ((lower !== null && value < lower) || (upper !== null && value > upper)),
      },
    ]
  })
  return {
    n,
    unusable: cases.length - n,
    outsideSupport: n === 0 ? 0 : outside / n,
    confusion,
    figures: Object.fromEntries(estimates) as Record<PerformanceMetric, Estimate>,
  }
}

function limitsFrom(reference: readonly LabelledCase[], spreads: Spreads, chunkSize: number): Limits {
  // What is left over at the end is smaller and would spread more than the chunks that the limits are for.
  const chunks = chunksByCount(reference, chunkSize).filter((one) => one.cases.length === chunkSize)
  const byChunks = chunks.length >= FEWEST_REFERENCE_CHUNKS
  const whole = realisedFigures(reference)
  const figures = byChunks ? chunks.map((one) => realisedFigures(one.cases)) : []
  const of = PERFORMANCE_METRICS.map((metric) => {
    const known = figures.flatMap((one) => one[metric] ?? [])
    // A figure that only a few chunks have says nothing of how it varies between chunks.
    const isKnown = byChunks && known.length >= FEWEST_REFERENCE_CHUNKS
    const mean = isKnown ? known.reduce((sum, value) => sum + value, 0) / known.length : whole[metric]
    const spread = isKnown ? deviationOf(known) : samplingError(spreads[metric], chunkSize)
    if (mean === null || spread === null || !Number.isFinite(mean + spread)) {
      return [metric, { lower: null, upper: null }] as const
    }
    return [metric, { lower: within(mean - WIDTH * spread), upper: within(mean + WIDTH * spread) }] as const
  })
  return { from: byChunks ? 'reference-chunks' : 'sampling-error', of: Object.fromEntries(of) as Limits['of'] }
}

function within(value: number): number {
  return Math.min(1, Math.max(0, value))
}
