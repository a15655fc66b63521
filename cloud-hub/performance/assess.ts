import { setImmediate as turn } from 'node:timers/promises'
import type { PerformanceChunk, PerformanceView } from '@leadglass/ui/contract/hub-api'
import { CHUNKINGS, type Chunking, type ChunkOf, chunksByCount, chunksByPeriod } from './chunks.ts'
import type { Estimator, Limits } from './estimator.ts'
import { expectedPerformance } from './expected.ts'
import { type Figures, type LabelledCase, PERFORMANCE_METRICS, realisedFigures } from './figures.ts'
import type { StudyCase } from './study-cases.ts'

/** Studies of a chunk by count. */
export const CHUNK_SIZE = 500
/** A chunk of fewer says little: it is shown, and raises nothing. */
export const SMALLEST_CHUNK = 150
/** The newest chunks are shown; what lies further back was judged when it was new. */
const CHUNKS_SHOWN = 100
/** Fewer labelled studies of a chunk give no realised figures: single readings would show. */
const FEWEST_LABELLED = 30
const DAY_MS = 86_400_000

/**
 * Performance of one version at one site over its chunks, estimated from scores and, where readers have said what was
 * true, measured.
 * @param cases in the order in which they came.
 * @param until when the last study of the reference came; chunks up to then hold what the estimator was made from.
 */
export async function assessChunks(
  cases: readonly StudyCase[],
  estimator: Estimator,
  until: string | null,
): Promise<PerformanceView['chunkings']> {
  const found: PerformanceView['chunkings'] = []
  for (const chunking of CHUNKINGS) {
    const parts = chunksOf(cases, chunking)
    const size = chunking === 'count' ? CHUNK_SIZE : usualSize(parts)
    const limits = estimator.limitsFor(size)
    const chunks: PerformanceChunk[] = []
    for (const part of parts.slice(-CHUNKS_SHOWN)) {
      chunks.push(chunkOf(part, { estimator, limits, until }))
      await turn()
    }
    found.push({ chunking, size, limitsFrom: limits.from, older: parts.length - chunks.length, chunks })
  }
  return found
}

function chunksOf(cases: readonly StudyCase[], chunking: Chunking): ChunkOf<StudyCase>[] {
  return chunking === 'count'
    ? chunksByCount(cases, CHUNK_SIZE)
    : chunksByPeriod(cases, chunking, (one) => one.receivedAt)
}

/** The limits are for chunks of one size: the middle one of those that can be judged. */
function usualSize(parts: readonly ChunkOf<StudyCase>[]): number {
  const sizes = parts.map((one) => one.cases.length).sort((a, b) => a - b)
  return Math.max(SMALLEST_CHUNK, sizes[sizes.length >> 1] ?? 0)
}

function chunkOf(
  { key, cases }: ChunkOf<StudyCase>,
  by: { readonly estimator: Estimator; readonly limits: Limits; readonly until: string | null },
): PerformanceChunk {
  const { n, unusable, outsideSupport, confusion, figures } = by.estimator.estimate(cases, by.limits)
  const from = cases[0]?.receivedAt ?? ''
  return {
    key,
    from,
    to: cases.at(-1)?.receivedAt ?? from,
    n,
    unusable,
    judged: n >= SMALLEST_CHUNK,
    ofReference: by.until !== null && from <= by.until,
    outsideSupport,
    confusion,
    figures: PERFORMANCE_METRICS.map((metric) => ({ metric, ...figures[metric] })),
    realised: realisedOf(cases, by.estimator, by.limits),
  }
}

function realisedOf(cases: readonly StudyCase[], estimator: Estimator, limits: Limits): PerformanceChunk['realised'] {
  const usable = cases.filter((one) => Number.isFinite(one.score))
  const labelled = usable.filter((one): one is StudyCase & LabelledCase => one.label !== null)
  const n = labelled.length
  const coverage = usable.length === 0 ? 0 : n / usable.length
  if (n < FEWEST_LABELLED) return { n, coverage, figures: null }
  const measured = realisedFigures(labelled)
  const probabilities = Float64Array.from(labelled, ({ score }) =>
    Math.min(1, Math.max(0, estimator.calibration.probabilityOf(score))),
  )
  const expected: Figures = expectedPerformance(labelled, probabilities).figures
  return {
    n,
    coverage,
    figures: PERFORMANCE_METRICS.map((metric) => ({
      metric,
      value: measured[metric],
      expected: expected[metric],
      below: isBelow(measured[metric], limits.of[metric].lower),
    })),
    medianDelayDays: medianDelay(labelled),
    aboveShare: { labelled: shareAbove(labelled), all: shareAbove(usable) },
  }
}

function isBelow(value: number | null, limit: number | null): boolean {
  return value !== null && limit !== null && value < limit
}

function shareAbove(cases: readonly StudyCase[]): number {
  return cases.filter((one) => one.positive).length / cases.length
}

/** Days from score to label, both as the hub got them. */
function medianDelay(cases: readonly StudyCase[]): number {
  const delays = cases
    .map(({ receivedAt, labelledAt }) => (Date.parse(labelledAt ?? receivedAt) - Date.parse(receivedAt)) / DAY_MS)
    .sort((a, b) => a - b)
  return delays[delays.length >> 1] ?? 0
}
