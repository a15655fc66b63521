import onnxProto from 'onnx-proto'
import { describe, expect, it } from 'vitest'
import {
  calibrate,
  evaluateGraph,
  type FittedModel,
  gradientBoosting,
  linearRegression,
  multilayerPerceptron,
  randomForest,
  type TrainingTable,
} from '../index.ts'
import { madeTable } from '../testing/made-tables.ts'

const FITS: Readonly<Record<string, (table: TrainingTable) => FittedModel>> = {
  linear: (table) => linearRegression.fit(table, {}, 1),
  network: (table) => multilayerPerceptron.fit(table, { epochs: 2, hidden: [6, 3] }, 1),
  boosting: (table) => gradientBoosting.fit(table, { rounds: 12 }, 1),
  forest: (table) => randomForest.fit(table, { trees: 7, minimumLeafWeight: 2 }, 1),
}

function largest(model: FittedModel, rows: Float32Array): number {
  const [computed, expected] = [evaluateGraph(model.toOnnx(), rows, model.columns), model.predict(rows, model.columns)]
  expect(computed).toHaveLength(expected.length)
  return computed.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))), 0)
}

describe.each(Object.entries(FITS))('the graph of %s, computed without a runtime', (_, fit) => {
  it.each([2, 3])('is the trainer with %s classes, over more rows than one chunk', (classes) => {
    const table = madeTable({ rows: 1500, columns: 5, classes })
    expect(largest(fit(table), table.values)).toBeLessThan(1e-9)
  })

  it.each(['platt', 'isotonic'] as const)('is the trainer under %s calibration', (method) => {
    const table = madeTable({ rows: 500, columns: 4 })
    const model = calibrate(fit(table), madeTable({ rows: 300, columns: 4, seed: 9 }), method)
    expect(largest(model, table.values)).toBeLessThan(1e-9)
  })
})

describe('what is no graph of the trainers', () => {
  const table = madeTable({ rows: 200, columns: 3 })
  const trees = gradientBoosting.fit(table, { rounds: 3 }, 1).toOnnx()
  const changed = (change: (graph: onnxProto.onnx.IGraphProto) => void): Uint8Array => {
    const model = onnxProto.onnx.ModelProto.decode(trees)
    change(model.graph ?? {})
    return onnxProto.onnx.ModelProto.encode(model).finish()
  }
  const attributeOf = (graph: onnxProto.onnx.IGraphProto, name: string) =>
    graph.node?.[0]?.attribute?.find((one) => one.name === name) ?? {}

  it.each<readonly [string, Uint8Array]>([
    ['no ONNX file', Buffer.from('no graph')],
    ['another operator', changed((graph) => Object.assign(graph.node?.[1] ?? {}, { opType: 'Tanh' }))],
    ['a second output', changed((graph) => graph.output?.push({ name: 'n0' }))],
    [
      'trees that run in a circle',
      changed((graph) => Object.assign(attributeOf(graph, 'nodes_truenodeids'), { ints: [0, 0, 0] })),
    ],
    [
      'a feature beyond the row',
      changed((graph) => Object.assign(attributeOf(graph, 'nodes_featureids'), { ints: [99, 99, 99] })),
    ],
    [
      'leaves without a weight',
      changed((graph) => Object.assign(attributeOf(graph, 'target_weights'), { floats: [] })),
    ],
    [
      'other comparisons',
      changed((graph) => Object.assign(attributeOf(graph, 'nodes_modes'), { strings: [Buffer.from('BRANCH_GT')] })),
    ],
    [
      'another aggregate',
      changed((graph) => Object.assign(attributeOf(graph, 'aggregate_function'), { s: Buffer.from('MAX') })),
    ],
  ])('%s is refused', (_, file) => {
    expect(() => evaluateGraph(file, table.values, 3)).toThrow(expect.objectContaining({ code: 'graph-unknown' }))
  })
})
