import { describe, expect, it } from 'vitest'
import { auc } from '../../math/auc.ts'
import { meanLogLoss } from '../link.ts'
import { trainingTable } from '../table.ts'
import { madeTable } from '../testing/made-tables.ts'
import { gradientBoosting } from './boosting.ts'

const table = madeTable({ rows: 2000, columns: 5 })
const other = madeTable({ rows: 2000, columns: 5, seed: 2 })

describe('gradient boosting', () => {
  it.each([2, 3])('lowers the loss in every round, with %i classes', (classes) => {
    const made = madeTable({ rows: 800, columns: 4, classes })
    const { fit, kept } = gradientBoosting.fit(made, { rounds: 40, learningRate: 0.2 }, 1).history
    expect(fit).toHaveLength(40)
    expect(kept).toBe(40)
    for (const [round, loss] of fit.entries()) if (round > 0) expect(loss).toBeLessThan(fit[round - 1] ?? 0)
  })

  it.each([2, 3])("keeps scores while it grows that are the finished model's, with %i classes", (classes) => {
    const made = madeTable({ rows: 900, columns: 4, classes })
    const model = gradientBoosting.fit(made, { rounds: 15, subsample: 0.7, columnSample: 0.8 }, 1)
    const loss = meanLogLoss(model.scores(made.values, 4), made, made.weights)
    expect(Math.abs((model.history.fit.at(-1) ?? 0) - loss)).toBeLessThan(1e-6)
  })

  it('orders rows that it has not seen', () => {
    const model = gradientBoosting.fit(table, { rounds: 60 }, 1)
    expect(auc([...model.predict(other.values, 5)], [...other.labels])).toBeGreaterThan(0.85)
  })

  it('tells three classes apart, with probabilities that add up to 1', () => {
    const made = madeTable({ rows: 2000, columns: 3, classes: 3, missing: 0 })
    const p = gradientBoosting.fit(made, { rounds: 30 }, 1).predict(made.values, 3)
    let right = 0
    for (let row = 0; row < 2000; row++) {
      const three = [...p.subarray(3 * row, 3 * row + 3)]
      expect(three.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
      right += Number(three.indexOf(Math.max(...three)) === made.labels[row])
    }
    expect(right / 2000).toBeGreaterThan(0.7)
  })

  it('learns from a value being missing', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? Number.NaN : i % 7))
    const labels = values.map((value) => Number(Number.isNaN(value)))
    const model = gradientBoosting.fit(trainingTable({ columns: 1, values, labels }), { rounds: 30 }, 1)
    const [missing, there] = model.predict(Float32Array.of(Number.NaN, 3), 1)
    expect(missing).toBeGreaterThan(0.9)
    expect(there).toBeLessThan(0.1)
  })

  it('is the same for the same seed, and differs with another one', () => {
    const options = { rounds: 10, subsample: 0.5, columnSample: 0.6 }
    const bytes = (seed: number): string =>
      Buffer.from(gradientBoosting.fit(table, options, seed).toOnnx()).toString('hex')
    expect(bytes(4)).toBe(bytes(4))
    expect(bytes(4)).not.toBe(bytes(5))
  })

  it('stops early on groups that it did not fit, and keeps the best round', () => {
    const options = { rounds: 400, learningRate: 0.5, earlyStopping: { validationShare: 0.3, patience: 5 } }
    const { history } = gradientBoosting.fit(table, options, 1)
    const best = Math.min(...history.validation)
    expect(history.validation.length).toBeLessThan(400)
    expect(history.validation[history.kept - 1]).toBe(best)
    expect(history.validation.length).toBe(history.kept + 5)
  })

  it('raises the probability of a class with its weight', () => {
    const mean = (classWeights: 'none' | 'balanced' | number[]): number => {
      const p = gradientBoosting.fit(table, { rounds: 20, classWeights }, 1).predict(other.values, 5)
      return p.reduce((sum, value) => sum + value, 0) / p.length
    }
    expect(mean([1, 5])).toBeGreaterThan(mean('none') + 0.1)
    expect(mean([1, 1])).toBe(mean('none'))
    const rare = trainingTable({
      columns: 1,
      values: table.labels,
      labels: table.labels.map((_, i) => Number(i % 10 === 0)),
    })
    const balanced = gradientBoosting.fit(rare, { rounds: 5, classWeights: 'balanced' }, 1).predict(rare.values, 1)
    expect(balanced.reduce((sum, value) => sum + value, 0) / balanced.length).toBeCloseTo(0.5, 1)
  })

  it('refuses options, rows and tables that are none', () => {
    const code = (expected: string): unknown => expect.objectContaining({ code: expected })
    expect(() => gradientBoosting.fit(table, { rounds: 0 }, 1)).toThrow(code('options-invalid'))
    expect(() => gradientBoosting.fit(table, { classWeights: [1] }, 1)).toThrow(code('options-invalid'))
    const one = { ...table, labels: new Uint8Array(table.rows) }
    expect(() => gradientBoosting.fit(one, {}, 1)).toThrow(code('too-few-cases'))
    const model = gradientBoosting.fit(table, { rounds: 1 }, 1)
    expect(() => model.predict(other.values, 4)).toThrow(code('rows-invalid'))
    expect(() => model.predict(other.values.subarray(1), 5)).toThrow(code('rows-invalid'))
  })
})
