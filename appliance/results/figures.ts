import type { ScoreOutput } from '@leadglass/models'
import { CONCEPTS } from './concepts.ts'
import type { Code } from './content-items.ts'

/** A score as it is told: under which concept, and in which unit. */
export interface Figure {
  readonly concept: Code
  readonly value: number
  readonly unit: Code
}

/**
 * A score of unit `1` is a probability, told as the certainty of the finding in percent (PS3.16 TID 4006); any other is a
 * measurement of its own in its UCUM unit. Scores are float32: more than nine digits would claim what nobody knows.
 */
export function figureOf(output: Pick<ScoreOutput, 'meaning' | 'unit'>, value: number): Figure {
  const told = (number: number): number => Number(number.toPrecision(9))
  if (output.unit === '1')
    return { concept: CONCEPTS.certaintyOfFinding, value: told(value * 100), unit: CONCEPTS.percent }
  return {
    concept: output.meaning,
    value: told(value),
    unit: { value: output.unit, scheme: 'UCUM', meaning: output.unit },
  }
}
