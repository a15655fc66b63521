import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  LATENCY_ACCURACY,
  LATENCY_SKETCH_BINS,
  latencySketchBin,
  latencySketchQuantile,
  latencySketchValue,
} from './latency-sketch.ts'

const countsOf = (values: readonly number[]): number[] => {
  const counts = new Array<number>(LATENCY_SKETCH_BINS).fill(0)
  for (const value of values) counts[latencySketchBin(value)] = (counts[latencySketchBin(value)] ?? 0) + 1
  return counts
}
const times = fc.array(fc.double({ min: 0.11, max: 40_000_000, noNaN: true }), { minLength: 1, maxLength: 300 })

describe('the sketch of latencies', () => {
  it('gives every quantile within its accuracy of the exact one', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
        const exact = values.toSorted((a, b) => a - b)[Math.floor(quantile * (values.length - 1))] ?? 0
        const found = latencySketchQuantile(countsOf(values), quantile) ?? 0
        expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(LATENCY_ACCURACY + 1e-9)
      }),
    )
  })

  it('is the same whether two sites are counted together or added', () => {
    fc.assert(
      fc.property(times, times, (first, second) => {
        const [a, b] = [countsOf(first), countsOf(second)]
        expect(a.map((count, bin) => count + (b[bin] ?? 0))).toEqual(countsOf([...first, ...second]))
      }),
    )
  })

  it('keeps what is out of range in its outermost bins, and says nothing of nothing', () => {
    const last = LATENCY_SKETCH_BINS - 1
    expect([0, -5, 0.1, 1e300].map(latencySketchBin)).toEqual([0, 0, 0, last])
    expect(latencySketchValue(last)).toBeGreaterThan(13 * 3_600_000)
    expect(latencySketchQuantile([], 0.5)).toBeNull()
  })
})
