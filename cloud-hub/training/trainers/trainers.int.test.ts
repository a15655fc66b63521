import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assertExportParity,
  calibrate,
  exportParity,
  type FittedModel,
  gradientBoosting,
  linearRegression,
  multilayerPerceptron,
  randomForest,
  type TrainingTable,
} from './index.ts'
import { madeTable } from './testing/made-tables.ts'

/** Each trainer, small. */
const FITS: Readonly<Record<string, (table: TrainingTable, seed: number) => FittedModel>> = {
  linear: (table, seed) => linearRegression.fit(table, {}, seed),
  network: (table, seed) => multilayerPerceptron.fit(table, { epochs: 3, hidden: [12, 6], learningRate: 0.01 }, seed),
  boosting: (table, seed) => gradientBoosting.fit(table, { rounds: 40, learningRate: 0.3, subsample: 0.8 }, seed),
  forest: (table, seed) => randomForest.fit(table, { trees: 20, minimumLeafWeight: 1 }, seed),
}

/** Rows on and beside every value of the table, some of them missing: where rounding would show. */
function besideValues(table: TrainingTable): Float32Array {
  const bits = Uint32Array.from(new Uint32Array(table.values.buffer), (word, i) => word + ((i % 3) - 1))
  const beside = new Float32Array(bits.buffer)
  return Float32Array.of(...table.values, ...beside.map((value) => (Number.isFinite(value) ? value : Number.NaN)))
}

describe.each(Object.entries(FITS))('the exported graph of %s', (_, fit) => {
  it('is the trainer, on random tables with missing values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          rows: fc.integer({ min: 60, max: 400 }),
          columns: fc.integer({ min: 1, max: 7 }),
          classes: fc.integer({ min: 2, max: 4 }),
          missing: fc.constantFrom(0, 0.05, 0.5),
          seed: fc.integer({ min: 1, max: 1e6 }),
        }),
        async (kind) => {
          const table = madeTable(kind)
          const model = fit(table, kind.seed)
          const parity = await exportParity(model, model.toOnnx(), besideValues(table))
          expect(parity).toMatchObject({ holds: true, rows: 2 * kind.rows })
          expect(parity.maximumDeviation).toBeLessThanOrEqual(1e-6)
        },
      ),
      { numRuns: 15 },
    )
  })

  it.each(['platt', 'isotonic'] as const)('is the trainer with %s calibration', async (method) => {
    for (const seed of [1, 2, 3]) {
      const table = madeTable({ rows: 600, columns: 4, seed })
      const model = calibrate(fit(table, seed), madeTable({ rows: 300, columns: 4, seed: seed + 10 }), method)
      const { maximumDeviation } = await assertExportParity(model, model.toOnnx(), besideValues(table))
      expect(maximumDeviation).toBeLessThanOrEqual(1e-6)
    }
  })
})

describe('the release gate', () => {
  const table = madeTable({ rows: 300, columns: 3 })

  it('refuses the graph of another model', async () => {
    const [model, other] = [1, 2].map((seed) => multilayerPerceptron.fit(table, { epochs: 1 }, seed))
    if (model === undefined || other === undefined) throw new TypeError('models')
    expect(await exportParity(model, other.toOnnx(), table.values)).toMatchObject({ holds: false })
    await expect(assertExportParity(model, other.toOnnx(), table.values)).rejects.toMatchObject({
      code: 'export-differs',
    })
  })

  it('refuses a value that is not a number, and an answer of another length', async () => {
    const model = linearRegression.fit(table, {}, 1)
    const broken = { ...model, predict: () => new Float64Array(300).fill(Number.NaN) }
    expect((await exportParity(broken, model.toOnnx(), table.values)).maximumDeviation).toBe(Infinity)
    const three = linearRegression.fit(madeTable({ rows: 300, columns: 3, classes: 3 }), {}, 1)
    expect((await exportParity(model, three.toOnnx(), table.values)).maximumDeviation).toBe(Infinity)
  })

  it('does not pass on nothing', async () => {
    const model = linearRegression.fit(table, {}, 1)
    await expect(exportParity(model, model.toOnnx(), new Float32Array())).rejects.toMatchObject({
      code: 'rows-invalid',
    })
  })
})
