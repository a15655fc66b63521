import { describe, expect, it } from 'vitest'
import { trainingTable } from '../table.ts'
import { madeTable } from '../testing/made-tables.ts'
import { multilayerPerceptron } from './perceptron.ts'

describe('a multilayer perceptron', () => {
  it('learns what no linear model can: exclusive or', () => {
    const values = Array.from({ length: 400 }, (_, i) => [i & 1, (i >> 1) & 1]).flat()
    const labels = Array.from({ length: 400 }, (_, i) => (i & 1) ^ ((i >> 1) & 1))
    const options = { hidden: [8], epochs: 60, batch: 20, learningRate: 0.01 }
    const model = multilayerPerceptron.fit(trainingTable({ columns: 2, values, labels }), options, 3)
    const p = model.predict(Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1), 2)
    expect([...p].map(Math.round)).toEqual([0, 1, 1, 0])
  })

  it('lowers the loss in each of the first epochs', () => {
    const { fit } = multilayerPerceptron.fit(
      madeTable({ rows: 2000, columns: 3, classes: 3 }),
      { epochs: 6 },
      1,
    ).history
    expect(fit).toHaveLength(6)
    for (const [epoch, loss] of fit.entries()) if (epoch > 0) expect(loss).toBeLessThan(fit[epoch - 1] ?? 0)
  })

  it('is the same for the same seed, and differs with another one', () => {
    const table = madeTable({ rows: 300, columns: 3 })
    const bytes = (seed: number): string =>
      Buffer.from(multilayerPerceptron.fit(table, { epochs: 2, hidden: [6, 4] }, seed).toOnnx()).toString('hex')
    expect(bytes(4)).toBe(bytes(4))
    expect(bytes(4)).not.toBe(bytes(5))
  })

  it('stops early and keeps the best epoch', () => {
    const options = {
      epochs: 200,
      batch: 16,
      learningRate: 0.02,
      hidden: [32],
      earlyStopping: { validationShare: 0.3, patience: 4 },
    }
    const { history } = multilayerPerceptron.fit(madeTable({ rows: 400, columns: 6 }), options, 1)
    expect(history.validation.length).toBe(history.kept + 4)
    expect(history.validation[history.kept - 1]).toBe(Math.min(...history.validation))
  })

  it('raises the probability of a class with its weight', () => {
    const table = madeTable({ rows: 800, columns: 3 })
    const mean = (classWeights: 'none' | number[]): number => {
      const p = multilayerPerceptron.fit(table, { epochs: 5, classWeights }, 1).predict(table.values, 3)
      return p.reduce((sum, value) => sum + value, 0) / p.length
    }
    expect(mean([1, 6])).toBeGreaterThan(mean('none') + 0.1)
  })
})
