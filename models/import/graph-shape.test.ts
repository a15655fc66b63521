import { describe, expect, it } from 'vitest'
import { madeGraph } from '../explain/testing/graphs.ts'
import { graphShape } from './graph-shape.ts'

/** One linear layer of two columns. */
function linear(weights: readonly number[], operator = 'MatMul', dimensions: readonly number[] = [2, 1]): Uint8Array {
  return madeGraph(
    [{ operator, inputs: ['x', 'weights'], outputs: ['output'] }],
    { weights: { dimensions, values: weights } },
    2,
  )
}

describe('the shape of a graph', () => {
  const shape = graphShape(linear([0.25, -3]))

  it('stays when only the weights are others', () => {
    expect(graphShape(linear([7, 8.5]))).toBe(shape)
  })

  it('changes with an operator, and with the size of a layer', () => {
    expect(graphShape(linear([0.25, -3], 'Add'))).not.toBe(shape)
    expect(graphShape(linear([0.25, -3, 1, 1], 'MatMul', [2, 2]))).not.toBe(shape)
  })

  it('takes attributes for architecture, but those of classical models for what was learned', () => {
    const flattened = (axis: number) =>
      graphShape(madeGraph([{ operator: 'Flatten', inputs: ['x'], outputs: ['output'], attributes: { axis } }], {}, 2))
    expect(flattened(1)).not.toBe(flattened(2))
    const trees = (operator: string, values: readonly number[]) =>
      graphShape(
        madeGraph(
          [{ operator, inputs: ['x'], outputs: ['output'], attributes: { nodes_values: Float32Array.from(values) } }],
          {},
          2,
        ),
      )
    expect(trees('ai.onnx.ml::TreeEnsembleRegressor', [1.5, 2])).toBe(
      trees('ai.onnx.ml::TreeEnsembleRegressor', [4, 4.5]),
    )
    expect(trees('ai.onnx.ml::TreeEnsembleRegressor', [1.5, 2])).not.toBe(
      trees('ai.onnx.ml::TreeEnsembleClassifier', [1.5, 2]),
    )
  })

  it('is refused for what is no model', () => {
    expect(() => graphShape(Uint8Array.of(1, 2, 3))).toThrow()
    expect(() => graphShape(new Uint8Array(0))).toThrow(/no graph/)
  })
})
