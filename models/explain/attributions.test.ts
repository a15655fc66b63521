import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributionsOf } from './attributions.ts'
import { AttributionError } from './errors.ts'
import { type MadeNode, madeGraph } from './testing/graphs.ts'

const row = Float32Array.of(1, -2, Number.NaN)
const ask = { input: 'x', row, output: 'p', index: 0 }
const constants = {
  mean: { dimensions: [3], values: [0.5, 1, 4] },
  scale: { dimensions: [3], values: [2, 1, 1] },
  weight: { dimensions: [3, 1], values: [3, -1, 7] },
  bias: { dimensions: [1], values: [0.25] },
  slope: { dimensions: [1], values: [2] },
}
const node = (operator: string, inputs: readonly string[], output: string): MadeNode => ({
  operator,
  inputs,
  outputs: [output],
})
const linear = [
  node('IsNaN', ['x'], 'missing'),
  node('Where', ['missing', 'mean', 'x'], 'present'),
  node('Sub', ['present', 'mean'], 'centred'),
  node('Div', ['centred', 'scale'], 'standard'),
  node('MatMul', ['standard', 'weight'], 'product'),
  node('Add', ['product', 'bias'], 'logit'),
]

describe('attributions of a linear model', () => {
  it('are coefficient times distance from the mean, and add up to the difference of the log odds', () => {
    const graph = madeGraph([...linear, node('Sigmoid', ['logit'], 'p')], constants, 3)
    const { method, expected, total, contributions, link } = attributionsOf(graph, ask)
    expect({ method, expected, link }).toEqual({ method: 'linear', expected: 0.25, link: ['Sigmoid'] })
    expect([...contributions], 'a missing value is the mean, which contributes nothing').toEqual([0.75, 3, 0])
    expect(total).toBe(0.25 + 0.75 + 3)
  })

  it('follow a calibration that is linear, and stop at one that is not', () => {
    const scaled = [node('Mul', ['logit', 'slope'], 's'), node('Sigmoid', ['s'], 'p')]
    expect(attributionsOf(madeGraph([...linear, ...scaled], constants, 3), ask)).toMatchObject({
      expected: 0.5,
      total: 8,
    })
    const steps = [node('Sub', ['logit', 'mean'], 's'), node('Max', ['s', 'bias'], 'p')]
    expect(attributionsOf(madeGraph([...linear, ...steps], constants, 3), ask)).toMatchObject({
      total: 4,
      link: ['Sub', 'Max'],
    })
  })

  it('hold for Gemm, for any weights and rows, to the last digit of the sum', () => {
    const number = fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround)
    const numbers = fc.array(number, { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(numbers, numbers, number, (weights, given, bias) => {
        const gemm = { operator: 'Gemm', inputs: ['x', 'w', 'b'], outputs: ['p'], attributes: { transB: 1 } }
        const graph = madeGraph(
          [gemm],
          { w: { dimensions: [1, 4], values: weights }, b: { dimensions: [1], values: [bias] } },
          4,
        )
        const { total, expected, contributions } = attributionsOf(graph, { ...ask, row: Float32Array.from(given) })
        const direct = weights.reduce((sum, weight, i) => sum + weight * (given[i] ?? 0), bias)
        expect(Math.abs(total - direct)).toBeLessThan(1e-9)
        expect(Math.abs(contributions.reduce((sum, value) => sum + value, expected) - total)).toBeLessThan(1e-12)
      }),
    )
  })

  it('are refused for a network, for what does not exist, and for what is no graph', () => {
    const hidden = [
      node('MatMul', ['x', 'square'], 'h'),
      node('Relu', ['h'], 'r'),
      node('MatMul', ['r', 'weight'], 'p'),
    ]
    const square = { dimensions: [3, 3], values: [1, 0, 0, 0, 1, 0, 0, 0, 1] }
    const network = madeGraph(hidden, { ...constants, square }, 3)
    const codeOf = (file: Uint8Array, change: object): string => {
      try {
        attributionsOf(file, { ...ask, row: Float32Array.of(1, 2, 3), ...change })
        return 'none'
      } catch (error) {
        return error instanceof AttributionError ? error.code : 'other'
      }
    }
    expect(codeOf(network, {}), 'an element of a hidden layer is no score').toBe('not-additive')
    const residual = [...linear, node('Relu', ['x'], 'r'), node('Add', ['logit', 'r'], 'p')]
    expect(codeOf(madeGraph(residual, constants, 3), {}), 'something else goes into the score').toBe('not-additive')
    expect(codeOf(madeGraph([node('Relu', ['x'], 'p')], {}, 3), {})).toBe('not-additive')
    expect(codeOf(madeGraph([...linear, node('Sigmoid', ['logit'], 'p')], constants, 3), { index: 1 })).toBe(
      'row-invalid',
    )
    expect(codeOf(Uint8Array.of(9, 9, 9), {})).toBe('graph-malformed')
  })
})

describe('attributions of trees in ONNX', () => {
  const stump = (
    change: Readonly<Record<string, Float32Array | string | readonly number[] | readonly string[]>> = {},
  ) =>
    madeGraph(
      [
        {
          operator: 'ai.onnx.ml::TreeEnsembleRegressor',
          inputs: ['x'],
          outputs: ['p'],
          attributes: {
            n_targets: 1,
            nodes_treeids: [0, 0, 0],
            nodes_nodeids: [0, 1, 2],
            nodes_featureids: [1, 0, 0],
            nodes_values: Float32Array.of(0.5, 0, 0),
            nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
            nodes_truenodeids: [1, 0, 0],
            nodes_falsenodeids: [2, 0, 0],
            nodes_missing_value_tracks_true: [0, 0, 0],
            nodes_hitrates: Float32Array.of(4, 1, 3),
            target_treeids: [0, 0],
            target_nodeids: [1, 2],
            target_ids: [0, 0],
            target_weights: Float32Array.of(-1, 1),
            ...change,
          },
        },
      ],
      {},
      3,
    )

  it('start from the mean over the rows of the training', () => {
    expect(attributionsOf(stump(), ask)).toMatchObject({ method: 'tree', expected: 0.5, total: -1, link: [] })
    expect([...attributionsOf(stump(), ask).contributions]).toEqual([0, -1.5, 0])
    const missing = attributionsOf(stump(), { ...ask, row: Float32Array.of(0, Number.NaN, 0) })
    expect(missing.total).toBe(1)
    expect(attributionsOf(stump({ post_transform: 'LOGISTIC' }), ask).link).toEqual(['LOGISTIC'])
  })

  it('are refused without counts, in a circle, and for trees that are not added up', () => {
    expect(() => attributionsOf(stump({ nodes_hitrates: Float32Array.of(1, 1, 1) }), ask)).toThrow('how many rows')
    expect(() => attributionsOf(stump({ nodes_truenodeids: [0, 0, 0] }), ask)).toThrow('hang together')
    expect(() => attributionsOf(stump({ nodes_truenodeids: [9, 0, 0] }), ask)).toThrow('hang together')
    expect(() => attributionsOf(stump({ aggregate_function: 'MAX' }), ask)).toThrow('not added up')
    expect(() => attributionsOf(stump({ nodes_featureids: [8, 0, 0] }), ask)).toThrow('too short')
  })
})
