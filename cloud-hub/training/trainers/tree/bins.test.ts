import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binColumns } from './bins.ts'

const float = fc.oneof(
  fc.constant(Number.NaN),
  fc.constantFrom(0, -0, 1, 2, 3.4028234663852886e38, -3.4028234663852886e38, 1e-45),
  fc.float({ noDefaultInfinity: true, noNaN: true }),
)

describe('bins of columns', () => {
  it('say the same as the cuts on the values, and keep missing values apart', () => {
    fc.assert(
      fc.property(fc.array(float, { minLength: 1, maxLength: 80 }), fc.integer({ min: 2, max: 20 }), (column, most) => {
        const values = Float32Array.from(column)
        const { codes, bins, cuts } = binColumns({ rows: values.length, columns: 1, values }, most)
        const [count, edges] = [bins[0] ?? 0, cuts[0] ?? new Float32Array()]
        expect(count).toBeLessThanOrEqual(most)
        expect([...edges].every((cut, k) => k === 0 || cut > (edges[k - 1] ?? 0))).toBe(true)
        for (const [row, value] of values.entries()) {
          const code = codes[row] ?? -1
          if (Number.isNaN(value)) expect(code).toBe(count)
          else for (const [k, cut] of edges.entries()) expect(value <= cut).toBe(code <= k)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('gives a bin to each value where they are few, and bins of like size where they are many', () => {
    const few = Float32Array.from([3, 1, 2, 2, 1, Number.NaN])
    expect([...(binColumns({ rows: 6, columns: 1, values: few }, 3).cuts[0] ?? [])]).toEqual([1.5, 2.5])
    const many = Float32Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000)
    const { codes, bins } = binColumns({ rows: 1000, columns: 1, values: many }, 10)
    expect(bins[0]).toBe(10)
    const sizes = new Array<number>(10).fill(0)
    for (const code of codes) sizes[code] = (sizes[code] ?? 0) + 1
    expect(sizes).toEqual(new Array(10).fill(100))
  })

  it('lays columns one after the other', () => {
    const values = Float32Array.from([1, 10, 2, Number.NaN, 1, 20])
    const { codes, offsets } = binColumns({ rows: 3, columns: 2, values }, 255)
    expect([...codes]).toEqual([0, 1, 0, 0, 2, 1])
    expect([...offsets]).toEqual([0, 3, 6])
  })
})
