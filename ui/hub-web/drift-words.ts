import { z } from 'zod'
import type { DriftAlertList, DriftList } from '../contract/hub-api.ts'
import type { Tone } from '../shared/state-mark.tsx'

export type DriftRow = DriftList['features'][number]
export type Verdict = DriftRow['verdict']

export const VERDICTS: readonly Verdict[] = ['major', 'moderate', 'stable', 'too-few']

/** What the address says of the view. */
export const driftSearch = z.object({
  verdict: z.enum(['major', 'moderate', 'stable', 'too-few']).optional().catch(undefined),
  show: z.enum(['alerts', 'groups']).optional().catch(undefined),
})
export type DriftSearch = z.infer<typeof driftSearch>

export const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  'too-few': 'waiting',
  stable: 'good',
  moderate: 'attention',
  major: 'refused',
}

export const PRIORITY_TONES: Readonly<Record<DriftAlertList['alerts'][number]['priority'], Tone>> = {
  P1: 'refused',
  P2: 'attention',
  P3: 'waiting',
}

/** Newest window first; within it the largest shift first, and what cannot be judged last. */
export function byShift(rows: readonly DriftRow[]): DriftRow[] {
  return [...rows].sort((a, b) => b.window.from.localeCompare(a.window.from) || (b.level ?? -1) - (a.level ?? -1))
}

/** The span of a window: days and hours in UTC, as sites count them. */
export function windowWords({ from, to }: DriftRow['window']): string {
  const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ')
  const isWhole = from.slice(11, 16) === '00:00' && to.slice(11, 16) === '00:00'
  return isWhole ? `${from.slice(0, 10)} to ${to.slice(0, 10)}` : `${minute(from)} to ${minute(to)}`
}

/** The name of a site; all sites together stand under `*`. */
export function siteOf(device: string): string {
  return device === '*' ? 'all sites' : device
}

/** What the shift means in the figures of the feature itself, where they say more than an index; and whose reference it is. */
export function meaningOf(row: DriftRow): string {
  return row.referenceOf === 'package' ? figuresOf(row) : `${figuresOf(row)}, against its first windows`
}

function figuresOf({ positives, quantiles, q }: DriftRow): string {
  if (positives !== null) {
    return `${percent(positives.reference)} above the operating point, now ${percent(positives.current)}`
  }
  if (quantiles !== null) return quantiles.map((ms) => (ms === null ? '–' : `${Math.round(ms)} ms`)).join(' / ')
  return q === null ? '–' : `q ${q.toPrecision(2)}`
}

/** Counts as shares of their own total, so that two histograms of different size can be compared. */
export function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => (total === 0 ? 0 : count / total))
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
