import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areaResize, percentiles, preprocess } from './index.ts'

function nearestRank(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((percent / 100) * (sorted.length - 1))] ?? Number.NaN
}

describe('percentiles', () => {
  it('are those of sorting, for integers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -40, max: 4095 }), { minLength: 1 }), (values) => {
        expect(percentiles(Float64Array.from(values), [0.5, 50, 99.5])).toEqual(
          [0.5, 50, 99.5].map((percent) => nearestRank(values, percent)),
        )
      }),
    )
  })

  it('are those of sorting, for any finite values', () => {
    const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0.5, 1.5))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
        const found = percentiles(Float64Array.from(values), [0, 0.5, 99.5, 100])
        const wanted = [0, 0.5, 99.5, 100].map((percent) => nearestRank(values, percent))
        // -0 and 0 are equal values.
        expect(found.map((x) => x + 0)).toEqual(wanted.map((x) => x + 0))
      }),
      { numRuns: 300 },
    )
  })

  it('counts and selects alike on a large plane', () => {
    const integers = Float64Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 4001)
    const halves = integers.map((value) => value / 2)
    expect(percentiles(integers, [0.5, 99.5]).map((value) => value / 2)).toEqual(percentiles(halves, [0.5, 99.5]))
  })
})

describe('area resize', () => {
  it('averages by overlap, as a matrix would', () => {
    const size = fc.integer({ min: 1, max: 12 })
    fc.assert(
      fc.property(size, size, size, size, (rows, columns, height, width) => {
        const values = Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(i * 12.9898) * 43758.5453)
        const resized = areaResize(values, rows, columns, height, width)
        for (let y = 0; y < height; y += 1) {
          for (let x = 0; x < width; x += 1) {
            expect(resized[y * width + x]).toBeCloseTo(meanOver(values, rows, columns, height, width, y, x), 6)
          }
        }
      }),
    )
  })

  it('keeps the mean of an image and a flat image flat', () => {
    const values = Float64Array.from({ length: 30 * 50 }, (_, i) => (i * 31) % 97)
    const mean = (plane: Float64Array): number => plane.reduce((sum, value) => sum + value, 0) / plane.length
    expect(mean(areaResize(values, 30, 50, 7, 11))).toBeCloseTo(mean(values), 9)
    const flat = areaResize(new Float64Array(30 * 50).fill(3), 30, 50, 7, 11)
    expect(flat.every((value) => Math.abs(value - 3) < 1e-12)).toBe(true)
  })
})

/** The definition, cell by cell. */
function meanOver(
  values: Float64Array,
  rows: number,
  columns: number,
  height: number,
  width: number,
  y: number,
  x: number,
): number {
  let sum = 0
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const down = Math.min(((y + 1) * rows) / height, row + 1) - Math.max((y * rows) / height, row)
      const across = Math.min(((x + 1) * columns) / width, column + 1) - Math.max((x * columns) / width, column)
      sum += Math.max(0, down) * Math.max(0, across) * (values[row * columns + column] ?? 0)
    }
  }
  return sum / ((rows / height) * (columns / width))
}

describe('preprocessing', () => {
  const input = {
    rows: 2,
    columns: 2,
    photometric: 'MONOCHROME1',
    stored: Uint16Array.of(0, 10, 20, 40),
    modalityLut: { kind: 'linear', slope: 2, intercept: -5 },
  } as const

  it('runs the steps of a package in order', () => {
    const prepared = preprocess(input, [
      { step: 'modality-lut' },
      { step: 'monochrome2' },
      { step: 'percentile-window', low: 0, high: 100 },
      { step: 'resize', width: 1, height: 2, interpolation: 'area' },
      { step: 'replicate-channels', channels: 2 },
      { step: 'normalise', mean: [0, 0.5], std: [1, 0.5] },
    ])
    // -5, 15, 35, 75 inverted: 80, 60, 40, 0; windowed: 1, .75, .5, 0; rows averaged: .875, .25
    expect(Array.from(prepared.grey)).toEqual([0.875, 0.25])
    expect(Array.from(prepared.values)).toEqual([0.875, 0.25, 0.75, -0.5])
    expect(prepared).toMatchObject({ channels: 2, height: 2, width: 1 })
  })

  it('does not invert MONOCHROME2 and does not change its input', () => {
    const prepared = preprocess({ ...input, photometric: 'MONOCHROME2' }, [
      { step: 'modality-lut' },
      { step: 'monochrome2' },
    ])
    expect(Array.from(prepared.values)).toEqual([-5, 15, 35, 75])
    expect(Array.from(input.stored)).toEqual([0, 10, 20, 40])
  })

  it('makes a flat image black', () => {
    const flat = { ...input, stored: new Uint16Array(4).fill(7) }
    const prepared = preprocess(flat, [{ step: 'percentile-window', low: 0.5, high: 99.5 }])
    expect(Array.from(prepared.values)).toEqual([0, 0, 0, 0])
  })
})
