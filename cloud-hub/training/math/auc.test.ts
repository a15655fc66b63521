import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { auc, aucWithInterval, compareAuc } from './auc.ts'

/** Two readers' scores of 10 cases; the covariances below are worked out by hand from DeLong's placement values. */
const LABELS = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
const FIRST = [0.9, 0.8, 0.6, 0.4, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05]

const cases = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), fc.constantFrom(0, 1)), {
    minLength: 4,
    maxLength: 60,
  })
  .filter((rows) => [0, 1].every((label) => rows.filter((row) => row[2] === label).length >= 2))

/** The definition: the share of pairs in the right order, a tie counting half. */
function byPairs(scores: readonly number[], labels: readonly number[]): number {
  let sum = 0
  let pairs = 0
  for (const [i, a] of scores.entries()) {
    for (const [j, b] of scores.entries()) {
      if (labels[i] !== 1 || labels[j] !== 0) continue
      pairs += 1
      sum += a > b ? 1 : a === b ? 0.5 : 0
    }
  }
  return sum / pairs
}

describe('area under the curve', () => {
  it('counts pairs in the right order, ties half', () => {
    fc.assert(
      fc.property(cases, (rows) => {
        const labels = rows.map((row) => row[2])
        expect(
          auc(
            rows.map((row) => row[0]),
            labels,
          ),
        ).toBeCloseTo(
          byPairs(
            rows.map((row) => row[0]),
            labels,
          ),
          12,
        )
      }),
    )
  })

  it('gives DeLong’s variance', () => {
    // Placements of the positives: 1, 1, 5/6, 4/6; of the negatives: 2/4, 3/4, 1, 1, 1, 1.
    const positive = [1, 1, 5 / 6, 4 / 6]
    const negative = [0.5, 0.75, 1, 1, 1, 1]
    const variance = (values: readonly number[]): number => {
      const mean = values.reduce((a, b) => a + b) / values.length
      return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
    }
    const deviation = Math.sqrt(variance(positive) / 4 + variance(negative) / 6)
    const found = aucWithInterval(FIRST, LABELS)
    expect(found.value).toBeCloseTo(0.875, 12)
    expect(found.low).toBeCloseTo(0.875 - 1.959963984540054 * deviation, 12)
    expect(found.high).toBe(1)
  })

  it('finds no difference between a model and itself, and the opposite difference the other way round', () => {
    fc.assert(
      fc.property(cases, (rows) => {
        const [a, b, labels] = [0, 1, 2].map((k) => rows.map((row) => row[k] ?? 0))
        const same = compareAuc(a ?? [], a ?? [], labels ?? [])
        expect([same.difference, same.p]).toEqual([0, 1])
        const there = compareAuc(a ?? [], b ?? [], labels ?? [])
        const back = compareAuc(b ?? [], a ?? [], labels ?? [])
        expect(there.difference).toBeCloseTo(-back.difference, 12)
        expect(there.p).toBeCloseTo(back.p, 9)
      }),
    )
  })

  it('counts patients: cases that are there three times over do not narrow the interval', () => {
    const once = aucWithInterval(FIRST, LABELS)
    const three = [FIRST, FIRST, FIRST].flat()
    const labels = [LABELS, LABELS, LABELS].flat()
    const patients = three.map((_, i) => String(i % FIRST.length))
    const clustered = aucWithInterval(three, labels, patients)
    const naive = aucWithInterval(three, labels)
    expect(clustered.value).toBeCloseTo(once.value, 12)
    expect(clustered.low).toBeCloseTo(once.low, 12)
    expect(naive.low).toBeGreaterThan(once.low)
  })

  it('refuses cases of one class', () => {
    expect(() => auc([0.1, 0.2], [1, 1])).toThrow(RangeError)
  })
})
