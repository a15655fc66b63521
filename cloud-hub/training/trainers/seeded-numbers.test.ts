import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseAscending, drawByWeight, seededNumbers, shuffle } from './seeded-numbers.ts'

describe('seeded numbers', () => {
  it('repeat with the seed and differ with another', () => {
    const take = (seed: number): number[] => {
      const numbers = seededNumbers(seed)
      return Array.from({ length: 5 }, () => numbers.uniform())
    }
    expect(take(7)).toEqual(take(7))
    expect(take(7)).not.toEqual(take(8))
  })

  it('have the moments of their distributions', () => {
    const numbers = seededNumbers(1)
    const uniform = Float64Array.from({ length: 20_000 }, () => numbers.uniform())
    const normal = Float64Array.from({ length: 20_000 }, () => numbers.normal())
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(mean(uniform)).toBeCloseTo(0.5, 1)
    expect(mean(normal)).toBeCloseTo(0, 1)
    expect(mean(normal.map((value) => value * value))).toBeCloseTo(1, 1)
  })

  it('choose distinct ascending numbers', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (seed, limit, count) => {
          const chosen = [...chooseAscending(limit, count, seededNumbers(seed))]
          expect(chosen).toHaveLength(Math.min(limit, count))
          expect([...new Set(chosen)].sort((a, b) => a - b)).toEqual(chosen)
          expect(chosen.every((value) => value >= 0 && value < limit)).toBe(true)
        },
      ),
    )
  })

  it('shuffle without loss', () => {
    const values = Int32Array.from({ length: 50 }, (_, i) => i)
    shuffle(values, seededNumbers(3))
    expect([...values]).not.toEqual([...values].sort((a, b) => a - b))
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })

  it('draw in proportion to weights', () => {
    for (const weights of [
      [1, 1, 1, 1],
      [8, 1, 0.5, 0.5],
      [1, 2, 3, 94],
    ]) {
      const draw = drawByWeight(Float64Array.from(weights), seededNumbers(5))
      const times = weights.map(() => 0)
      for (let i = 0; i < 40_000; i++) {
        const at = draw()
        times[at] = (times[at] ?? 0) + 1
      }
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      for (const [i, weight] of weights.entries()) {
        expect(Math.abs((times[i] ?? 0) / 40_000 - weight / total)).toBeLessThan(0.01)
      }
    }
  })
})
