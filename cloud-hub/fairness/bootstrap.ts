import { setImmediate as turn } from 'node:timers/promises'
import { seededNumbers } from '../training/trainers/seeded-numbers.ts'
import type { CaseColumns } from './case-columns.ts'

/** Resamples after which others get their turn. */
const TURN = 20

/**
 * Draws patients with all their cases, with replacement, and hands out how often each case was drawn.
 * @param seed the same gives the same draws.
 * @param use called once a resample; the weights are valid within the call.
 */
export async function resample(
  { n, patients, patientCount }: CaseColumns,
  how: { readonly times: number; readonly seed: number },
  use: (weights: Float64Array) => void,
): Promise<void> {
  const numbers = seededNumbers(how.seed)
  const drawn = new Float64Array(patientCount)
  const weights = new Float64Array(n)
  for (let time = 0; time < how.times; time++) {
    drawn.fill(0)
    for (let i = 0; i < patientCount; i++) {
      const patient = numbers.below(patientCount)
      drawn[patient] = (drawn[patient] as number) + 1
    }
    for (let i = 0; i < n; i++) weights[i] = drawn[patients[i] as number] as number
    use(weights)
    if (time % TURN === TURN - 1) await turn()
  }
}

/** The 2.5th and 97.5th percentile of draws, linear between them; undefined of too few to say. */
export function percentiles(draws: readonly number[]): { readonly low: number; readonly high: number } | undefined {
  if (draws.length < 40) return undefined
  const sorted = Float64Array.from(draws).sort()
  const at = (share: number): number => {
    const place = share * (sorted.length - 1)
    const below = sorted[Math.floor(place)] as number
    return below + (place % 1) * ((sorted[Math.ceil(place)] as number) - below)
  }
  return { low: at(0.025), high: at(0.975) }
}
