import { describe, expect, it } from 'vitest'
import { auc } from '../../math/auc.ts'
import { fitLogistic, sigmoid } from '../../math/logistic.ts'
import { trainingTable } from '../table.ts'
import { madeTable } from '../testing/made-tables.ts'
import { linearRegression } from './regression.ts'

describe('linear regression of classes', () => {
  it('is what the logistic regression of the heads is, on a standardised column', () => {
    const values = [-1, -1, 1, 1, -1, 1, -1, 1]
    const labels = [0, 0, 1, 1, 1, 0, 0, 1]
    const model = linearRegression.fit(trainingTable({ columns: 1, values, labels }), { strength: 2 }, 1)
    const design = { rows: 8, columns: 1, values: Float64Array.from(values), labels: Uint8Array.from(labels) }
    const head = fitLogistic(design, { weight: Float64Array.of(0), bias: 0 }, 2)
    const p = model.predict(Float32Array.of(-1, 1), 1)
    expect(p[0]).toBeCloseTo(sigmoid(head.bias - (head.weight[0] ?? 0)), 6)
    expect(p[1]).toBeCloseTo(sigmoid(head.bias + (head.weight[0] ?? 0)), 6)
  })

  it('gives the shares of the classes where a column says nothing', () => {
    const model = linearRegression.fit(
      trainingTable({ columns: 1, values: [3, 3, 3, 3, 3, 3], labels: [0, 1, 1, 2, 2, 2], classes: 3 }),
      {},
      1,
    )
    const p = [...model.predict(Float32Array.of(3), 1)]
    for (const [k, share] of [1 / 6, 1 / 3, 1 / 2].entries()) expect(p[k]).toBeCloseTo(share, 5)
  })

  it('takes a missing value for the mean', () => {
    const table = madeTable({ rows: 500, columns: 1, missing: 0 })
    const model = linearRegression.fit(table, {}, 1)
    const mean = table.values.reduce((sum, value) => sum + value, 0) / table.rows
    const [missing, middle] = model.predict(Float32Array.of(Number.NaN, mean), 1)
    expect(missing).toBeCloseTo(middle ?? 0, 6)
  })

  it('tells classes apart on another scale as well', () => {
    const table = madeTable({ rows: 2000, columns: 3, missing: 0.05 })
    const scaled = { ...table, values: table.values.map((value) => 1e4 + 100 * value) }
    const [a, b] = [table, scaled].map((one) => linearRegression.fit(one, {}, 1).predict(one.values, 3))
    const areas = [a, b].map((p) => auc([...(p ?? [])], [...table.labels]))
    expect(areas[0]).toBeGreaterThan(0.7)
    expect(areas[1]).toBeCloseTo(areas[0] ?? 0, 2)
  })

  it('gives both classes the same say when balanced', () => {
    const table = madeTable({ rows: 1000, columns: 2 })
    const rare = { ...table, labels: table.labels.map((label, i) => (i % 8 === 0 ? label : 0)) }
    const p = linearRegression.fit(rare, { classWeights: 'balanced' }, 1).predict(rare.values, 2)
    const meanOf = (label: number): number => {
      const members = [...p].filter((_, row) => rare.labels[row] === label)
      return members.reduce((sum, value) => sum + value, 0) / members.length
    }
    // At the optimum, weighted residuals add up to 0.
    expect((meanOf(0) + meanOf(1)) / 2).toBeCloseTo(0.5, 3)
  })

  it('does not depend on the seed', () => {
    const table = madeTable({ rows: 200, columns: 3, classes: 3 })
    expect(linearRegression.fit(table, {}, 1).toOnnx()).toEqual(linearRegression.fit(table, {}, 2).toOnnx())
  })
})
