import { seededNumbers } from '../../training/trainers/seeded-numbers.ts'
import type { LabelledCase } from '../figures.ts'

/** How the cases are drawn. */
export interface MadeCases {
  readonly count: number
  readonly seed: number
  /** Added to the logit of each case's chance: below 0 fewer cases are positive than at 0. */
  readonly level?: number
  /** Standard deviation of the logits: the larger, the better the classes are apart. */
  readonly spread?: number
  /** The score is the chance raised to this power: 1 is calibrated. */
  readonly power?: number
  /** Share of cases whose label is drawn by a coin: what a change of concept does. */
  readonly noise?: number
}

/** Cases whose labels are drawn with a chance that the score tells of; the threshold is 0.5. */
export function madeCases({ count, seed, level = 0, spread = 1.6, power = 1, noise = 0 }: MadeCases): LabelledCase[] {
  const numbers = seededNumbers(seed)
  return Array.from({ length: count }, () => {
    const chance = 1 / (1 + Math.exp(-(spread * numbers.normal() + level)))
    const score = chance ** power
    const truth = numbers.uniform() < noise ? numbers.uniform() < 0.5 : numbers.uniform() < chance
    return { score, positive: score >= 0.5, label: truth ? 1 : 0 }
  })
}
