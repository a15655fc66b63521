import { describe, expect, it } from 'vitest'
import { linkInPlace, linkWithLoss, meanLogLoss } from './link.ts'
import { seededNumbers } from './seeded-numbers.ts'
import { trainingTable } from './table.ts'

describe('link and loss in one pass', () => {
  it.each([
    ['equal weights', 3000, (_row: number) => 1],
    ['a weight of each class', 3000, (row: number) => (row % 3 === 0 ? 4 : 0.5)],
  ])('are the link and the loss, with %s', (_, rows, weightOf) => {
    const numbers = seededNumbers(4)
    const table = trainingTable({
      columns: 1,
      values: new Float64Array(rows),
      labels: Array.from({ length: rows }, (_row, i) => (i % 3 === 0 ? 1 : 0)),
      weights: Array.from({ length: rows }, (_row, i) => weightOf(i)),
    })
    // Some scores so sure that their probability is 0 or 1.
    const scores = Float64Array.from({ length: rows }, (_row, i) => (i % 50 === 0 ? 900 : 4) * numbers.normal())
    const probabilities = new Float64Array(rows)
    const loss = linkWithLoss(scores, table, table.weights, probabilities)
    expect(Math.abs(loss / meanLogLoss(scores, table, table.weights) - 1)).toBeLessThan(1e-12)
    const expected = linkInPlace(scores.slice(), 1)
    expect(probabilities.every((value, i) => Math.abs(value - (expected[i] ?? 2)) < 1e-14)).toBe(true)
  })
})
