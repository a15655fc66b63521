import { z } from 'zod'
import type { DriftList } from '../contract/hub-api.ts'
import type { Tone } from '../shared/state-mark.tsx'

export type DriftRow = DriftList['features'][number]
export type Verdict = DriftRow['verdict']

export const VERDICTS: readonly Verdict[] = ['major', 'moderate', 'stable', 'too-few']

/** What the address says of the view. */
export const driftSearch = z.object({
  verdict: z.enum(['major', 'moderate', 'stable', 'too-few']).optional().catch(undefined),
})
export type DriftSearch = z.infer<typeof driftSearch>

export const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  'too-few': 'waiting',
  stable: 'good',
  moderate: 'attention',
  major: 'refused',
}

/** Newest month first; within it the largest shift first, and what cannot be judged last. */
export function byShift(rows: readonly DriftRow[]): DriftRow[] {
  return [...rows].sort((a, b) => b.month.localeCompare(a.month) || (b.psi ?? -1) - (a.psi ?? -1))
}

/** Counts as shares of their own total, so that two histograms of different size can be compared. */
export function shares(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return counts.map((count) => (total === 0 ? 0 : count / total))
}
