import type { PerformanceChunk, PerformanceView } from '@leadglass/ui/contract/hub-api'
import type { Priority } from './alert-book.ts'

/** Of so many last chunks this many must be beyond: one may be chance. */
const WINDOW = 3
const PERSISTENT = 2
/** Labelled studies of the window that a realised figure needs to be believed. */
const FEWEST_REALISED = 100

/** What the last chunks say together. */
export interface PerformanceVerdict {
  readonly priority: Priority
  /** The newest chunk that it rests on. */
  readonly occasion: string
  readonly detail: string[]
}

/**
 * P2 when an estimated figure fell below its limit in two of the last three full chunks, P1 when the realised figure did
 * too, P3 when estimates rose above a limit: a change, but no harm yet.
 * @returns undefined when nothing persists.
 */
export function verdictOf(chunkings: PerformanceView['chunkings']): PerformanceVerdict | undefined {
  const counted = chunkings.find((one) => one.chunking === 'count')
  const full = counted?.chunks.filter((one) => one.n + one.unusable === counted.size && one.judged) ?? []
  const window = full.slice(-WINDOW)
  const last = window.at(-1)
  if (last === undefined) return undefined
  const below = persistent(window, 'below')
  const above = persistent(window, 'above')
  if (below.length + above.length === 0) return undefined
  const confirmed = below.filter((metric) => realisedBelow(window, metric))
  return {
    priority: confirmed.length > 0 ? 'P1' : below.length > 0 ? 'P2' : 'P3',
    occasion: `${last.from}/${last.key}`,
    detail: [
      ...below.map((metric) => `${metric}.${confirmed.includes(metric) ? 'realised-below' : 'estimated-below'}`),
      ...above.map((metric) => `${metric}.estimated-above`),
    ],
  }
}

function persistent(window: readonly PerformanceChunk[], side: 'below' | 'above'): string[] {
  const metrics = window[0]?.figures.map((one) => one.metric) ?? []
  return metrics.filter((metric) => {
    const beyond = window.filter((chunk) => {
      const found = chunk.figures.find((one) => one.metric === metric)
      if (found === undefined || !found.beyond || found.value === null) return false
      return side === 'below' ? found.value < (found.lowerLimit ?? 0) : found.value > (found.upperLimit ?? 1)
    })
    return beyond.length >= PERSISTENT
  })
}

function realisedBelow(window: readonly PerformanceChunk[], metric: string): boolean {
  const labelled = window.reduce((sum, chunk) => sum + chunk.realised.n, 0)
  const below = window.some(
    (chunk) => chunk.realised.figures?.some((one) => one.metric === metric && one.below) === true,
  )
  return labelled >= FEWEST_REALISED && below
}
