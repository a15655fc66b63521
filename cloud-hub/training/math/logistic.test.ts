import { describe, expect, it } from 'vitest'
import { type Design, fitLogistic, logitOfRow, sigmoid } from './logistic.ts'

/** A repeatable source of numbers in 0..1 (Park and Miller 1988). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

function design(rows: number, weight: readonly number[], seed: number): Design {
  const next = uniform(seed)
  const values = Float64Array.from({ length: rows * weight.length }, () => next() * 4 - 2)
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const logit = weight.reduce((sum, w, i) => sum + w * (values[row * weight.length + i] ?? 0), 0.3)
    return next() < sigmoid(logit) ? 1 : 0
  })
  return { rows, columns: weight.length, values, labels }
}

const ZERO = { weight: new Float64Array(2), bias: 0 }

describe('logistic regression with a Gaussian prior', () => {
  it('meets the conditions of a maximum: the gradient of the penalised likelihood is zero', () => {
    const data = design(400, [1.5, -1], 7)
    const prior = { weight: Float64Array.of(0.5, 0.5), bias: 0 }
    const fitted = fitLogistic(data, prior, 10)
    for (let i = 0; i < 2; i++) {
      let gradient = (10 / 400) * ((fitted.weight[i] ?? 0) - (prior.weight[i] ?? 0))
      for (let row = 0; row < 400; row++) {
        const residual = sigmoid(logitOfRow(data, row, fitted)) - (data.labels[row] ?? 0)
        gradient += (residual * (data.values[row * 2 + i] ?? 0)) / 400
      }
      expect(Math.abs(gradient)).toBeLessThan(1e-6)
    }
  })

  it('finds the weights that made the labels, and stays at the prior when that is held firmly', () => {
    const data = design(20_000, [1.5, -1], 11)
    const free = fitLogistic(data, ZERO, 0)
    expect(free.weight[0]).toBeCloseTo(1.5, 1)
    expect(free.weight[1]).toBeCloseTo(-1, 1)
    const held = fitLogistic(data, { weight: Float64Array.of(3, 3), bias: 0 }, 1e9)
    expect(held.weight[0]).toBeCloseTo(3, 3)
    expect(held.weight[1]).toBeCloseTo(3, 3)
  })

  it('gives the same bytes each time', () => {
    const data = design(300, [1, 2], 5)
    expect(fitLogistic(data, ZERO, 1)).toEqual(fitLogistic(data, ZERO, 1))
  })

  it('stays finite on separable data with a prior', () => {
    const data = {
      rows: 4,
      columns: 2,
      values: Float64Array.of(1, 0, 2, 0, -1, 0, -2, 0),
      labels: Uint8Array.of(1, 1, 0, 0),
    }
    const fitted = fitLogistic(data, ZERO, 0.1)
    expect(Number.isFinite(fitted.weight[0])).toBe(true)
    expect(fitted.weight[0]).toBeGreaterThan(1)
  })
})
