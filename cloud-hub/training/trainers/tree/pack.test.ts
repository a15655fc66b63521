import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededNumbers } from '../seeded-numbers.ts'
import { binColumns } from './bins.ts'
import { fillHistogram, packedPlan, plainPlan } from './histogram.ts'
import { packColumns } from './pack.ts'

/** A table of columns with few values each, some of them missing. */
function madeColumns(rows: number, widths: readonly number[], seed: number) {
  const numbers = seededNumbers(seed)
  const values = Float32Array.from({ length: rows * widths.length }, (_, i) => {
    const width = widths[i % widths.length] ?? 2
    const value = numbers.below(width + 1)
    return value === width ? Number.NaN : value
  })
  return binColumns({ rows, columns: widths.length, values }, 255)
}

describe('packed columns', () => {
  it('are in one pack at most, which is a byte', () => {
    const binned = madeColumns(500, [2, 2, 2, 2, 2, 2, 2, 9, 40, 200], 1)
    const packs = packColumns(binned)
    const members = packs.flatMap((pack) => [...pack.columns])
    expect(new Set(members).size).toBe(members.length)
    expect(packs.length).toBeGreaterThan(0)
    for (const { size, columns } of packs) {
      expect(size).toBeLessThanOrEqual(256)
      expect(columns.length).toBeGreaterThan(1)
    }
  })

  it('give the sums that the columns give one by one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 9 }),
        (widths, seed, wanted) => {
          const rows = 700
          const binned = madeColumns(rows, widths, seed)
          const numbers = seededNumbers(seed + 1)
          const node = {
            rows: Uint32Array.from({ length: rows }, (_, i) => i),
            // Quarters add up exactly in any order.
            gradient: Float64Array.from({ length: rows }, () => numbers.below(64) / 4 - 8),
            hessian: Float64Array.from({ length: rows }, () => numbers.below(64) / 4),
          }
          const chosen = Int32Array.from({ length: Math.min(wanted, widths.length) }, (_, i) => i)
          const length = 2 * (binned.offsets[binned.columns] ?? 0)
          const [packed, plain] = [new Float64Array(length).fill(7), new Float64Array(length).fill(7)]
          fillHistogram(packed, binned, chosen, packedPlan(chosen, packColumns(binned)), node, 100, 650)
          fillHistogram(plain, binned, chosen, plainPlan(chosen), node, 100, 650)
          const end = 2 * (binned.offsets[chosen.length] ?? 0)
          expect(packed.subarray(0, end)).toEqual(plain.subarray(0, end))
        },
      ),
      { numRuns: 60 },
    )
  })
})
