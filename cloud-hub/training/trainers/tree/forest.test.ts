import { describe, expect, it } from 'vitest'
import { auc } from '../../math/auc.ts'
import { madeTable } from '../testing/made-tables.ts'
import { randomForest } from './forest.ts'

const table = madeTable({ rows: 1500, columns: 5 })
const other = madeTable({ rows: 1500, columns: 5, seed: 2 })

describe('a random forest', () => {
  it('orders rows that it has not seen, with probabilities on the level of the labels', () => {
    const p = randomForest.fit(table, { trees: 60 }, 1).predict(other.values, 5)
    expect(auc([...p], [...other.labels])).toBeGreaterThan(0.85)
    const share = other.labels.reduce((sum, label) => sum + label, 0) / other.rows
    expect(p.reduce((sum, value) => sum + value, 0) / p.length).toBeCloseTo(share, 1)
    expect(Math.min(...p)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...p)).toBeLessThanOrEqual(1)
  })

  it('scales the shares of several classes to a sum of 1', () => {
    const made = madeTable({ rows: 900, columns: 3, classes: 4 })
    const p = randomForest.fit(made, { trees: 10 }, 1).predict(made.values, 3)
    for (let row = 0; row < 900; row++) {
      expect(p.subarray(4 * row, 4 * row + 4).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
    }
  })

  it('is the same for the same seed, and differs with another one', () => {
    const bytes = (seed: number): string =>
      Buffer.from(randomForest.fit(table, { trees: 3 }, seed).toOnnx()).toString('hex')
    expect(bytes(4)).toBe(bytes(4))
    expect(bytes(4)).not.toBe(bytes(5))
  })

  it('raises the probability of a class with its weight where leaves hold both', () => {
    const mean = (classWeights: 'none' | number[]): number => {
      const p = randomForest.fit(table, { trees: 20, maximumDepth: 4, classWeights }, 1).predict(other.values, 5)
      return p.reduce((sum, value) => sum + value, 0) / p.length
    }
    expect(mean([1, 5])).toBeGreaterThan(mean('none') + 0.05)
  })
})
