import { describe, expect, it } from 'vitest'
import { decodeCharacters } from './characters.ts'

/** One row a step with the probability of each class. */
function rows(...classes: readonly [number, number][]): Float32Array {
  const values = new Float32Array(classes.length * 5)
  classes.forEach(([best, probability], step) => {
    values[step * 5 + best] = probability
  })
  return values
}

describe('reading characters', () => {
  it('joins repetitions, drops the empty class, and writes the last class as a blank', () => {
    const output = rows([1, 0.9], [1, 0.8], [0, 0.9], [1, 0.7], [4, 0.9], [2, 0.5])
    const read = decodeCharacters(output, 6, 5, ['A', 'B', 'C'])
    expect(read.text).toBe('AA B')
    expect(read.confidence).toBeCloseTo(0.75, 5)
  })

  it('says nothing with confidence 0 when every step is empty', () => {
    expect(decodeCharacters(rows([0, 1], [0, 1]), 2, 5, ['A', 'B', 'C'])).toEqual({ text: '', confidence: 0 })
  })
})
