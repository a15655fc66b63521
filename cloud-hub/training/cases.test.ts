import { describe, expect, it } from 'vitest'
import { recalibrated } from './cases.ts'
import { judge } from './gates.ts'
import type { LinearHead } from './head-graph.ts'

/** A repeatable source of numbers in 0..1 (Park and Miller 1988). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

const PARENT: LinearHead = {
  mean: Float32Array.of(0, 0),
  scale: Float32Array.of(1, 1),
  weight: Float32Array.of(1, -1),
  bias: 0,
}

describe('recalibration of the parent', () => {
  const next = uniform(3)
  const values = Float64Array.from({ length: 400 }, () => next() * 2 - 1)

  it('keeps the order of the scores and finds the level of the site', () => {
    const logits = Array.from(
      { length: 200 },
      (_, row) => 3 * ((values[2 * row] ?? 0) - (values[2 * row + 1] ?? 0)) - 1,
    )
    const labels = Uint8Array.from(logits, (logit) => (next() < 1 / (1 + Math.exp(-logit)) ? 1 : 0))
    const { weight, bias } = recalibrated({ rows: 200, columns: 2, values, labels }, PARENT)
    expect((weight[0] ?? 0) / -(weight[1] ?? 1)).toBeCloseTo(1, 12)
    expect(weight[0]).toBeGreaterThan(2)
    expect(bias).toBeLessThan(-0.5)
  })

  it('never turns the parent’s order round', () => {
    const labels = Uint8Array.from({ length: 200 }, (_, row) =>
      (values[2 * row] ?? 0) < (values[2 * row + 1] ?? 0) ? 1 : 0,
    )
    const { weight } = recalibrated({ rows: 200, columns: 2, values, labels }, PARENT)
    expect([...weight].map(Math.abs)).toEqual([0, 0])
  })
})

describe('the gates', () => {
  const counts = { studies: 40, patients: 30, positives: 20, negatives: 20 }
  const limits = { heldOutPositives: 10, heldOutNegatives: 10, heldOutPatients: 20, aucMargin: 0.05 }
  const passed = (difference: number, high: number, largestDifference = 0): string[] =>
    judge(
      {
        cases: { training: counts, heldOut: counts },
        comparison: { difference, low: -1, high, p: 1 },
        parity: { cases: 1, largestDifference, limit: 1e-6 },
      },
      limits,
    ).flatMap((gate) => (gate.passed ? [] : [gate.gate]))

  it('stop a candidate that falls below the parent, by the margin or beyond chance', () => {
    expect(passed(-0.05, 0.01)).toEqual([])
    expect(passed(-0.051, 0.01)).toEqual(['not-worse-than-parent'])
    expect(passed(-0.02, -0.001)).toEqual(['not-significantly-worse'])
    expect(passed(0.1, 0.2, 2e-6)).toEqual(['export-parity'])
  })
})
