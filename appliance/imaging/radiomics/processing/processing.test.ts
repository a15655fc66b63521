import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Volume } from '../volume.ts'
import { discretise } from './discretise.ts'
import { extractRegion } from './resample.ts'
import { intensityMask } from './resegment.ts'

const full = (count: number) => new Uint8Array(count).fill(1)
const line = (values: readonly number[], spacing: number): Volume => ({
  dimensions: [values.length, 1, 1],
  spacing: [spacing, 1, 1],
  values: Float64Array.from(values),
})

describe('interpolation (IBSI 2.4)', () => {
  it('puts six points of 2 mm around the centre of four points of 3 mm', () => {
    const image = line([0, 3, 6, 9], 3)
    const interpolation = { kind: 'trilinear', spacing: [2, 1, 1], round: false } as const
    const region = extractRegion(image, full(4), interpolation, 0)
    expect(region.dimensions).toEqual([6, 1, 1])
    // positions in mm from the first old voxel: -0.5, 1.5, ... 9.5; outside the old grid its border is repeated
    expect([...region.values].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([0, 1.5, 3.5, 5.5, 7.5, 9])
  })

  it('keeps a linear ramp linear in three dimensions', () => {
    const dimensions = [6, 5, 4] as const
    const spacing = [1, 2, 3] as const
    const ramp = (x: number, y: number, z: number) => 2 * x - y + 0.5 * z
    const values = Float64Array.from({ length: 120 }, (_, i) =>
      ramp((i % 6) * 1, (Math.floor(i / 6) % 5) * 2, Math.floor(i / 30) * 3),
    )
    const interpolation = { kind: 'trilinear', spacing: [0.5, 0.5, 0.5], round: false } as const
    const region = extractRegion({ dimensions, spacing, values }, full(120), interpolation, 0)
    const [nx, ny] = region.dimensions
    const [ox, oy, oz] = region.dimensions.map((n, axis) => {
      const [count, step] = [dimensions[axis] ?? 0, spacing[axis] ?? 0]
      return ((count - 1) * step - (n - 1) * 0.5) / 2
    }) as [number, number, number]
    let checked = 0
    region.values.forEach((value, i) => {
      const at = [ox + (i % nx) / 2, oy + (Math.floor(i / nx) % ny) / 2, oz + Math.floor(i / (nx * ny)) / 2] as const
      if (at.some((position, axis) => position < 0 || position > ((dimensions[axis] ?? 0) - 1) * (spacing[axis] ?? 0)))
        return
      expect(value).toBeCloseTo(ramp(...at), 9)
      checked += 1
    })
    expect(checked).toBeGreaterThan(500)
  })

  it('keeps voxels of the mask with a partial volume of at least one half', () => {
    const image = line([1, 1, 1, 1], 2)
    const mask = Uint8Array.of(0, 1, 1, 0)
    const region = extractRegion(image, mask, { kind: 'trilinear', spacing: [1, 1, 1], round: false }, 0)
    expect([...region.mask].reduce((a, b) => a + b, 0)).toBe(4)
  })

  it('changes nothing between slices when bilinear, and rounds when asked to', () => {
    const image: Volume = {
      dimensions: [2, 2, 2],
      spacing: [2, 2, 7],
      values: Float64Array.of(0, 1, 1, 2, 10, 11, 11, 12),
    }
    const region = extractRegion(image, full(8), { kind: 'bilinear', spacing: [1, 1], round: true }, 0)
    expect(region.dimensions).toEqual([4, 4, 2])
    expect(region.spacing).toEqual([1, 1, 7])
    expect(region.values.every(Number.isInteger)).toBe(true)
    expect(Math.max(...region.values.subarray(0, 16))).toBe(2)
    expect(Math.min(...region.values.subarray(16))).toBe(10)
  })

  it('gives the same region however much image lies around it', () => {
    const small = line([0, 5, 6, 0], 1)
    const region = extractRegion(small, Uint8Array.of(0, 1, 1, 0), { kind: 'none' }, 0)
    expect([...region.values].slice(0, 4)).toEqual([0, 5, 6, 0])
    expect(region.mask.reduce((a, b) => a + b, 0)).toBe(2)
  })
})

describe('re-segmentation (IBSI 2.5)', () => {
  const region = {
    dimensions: [6, 1, 1],
    spacing: [1, 1, 1],
    values: Float64Array.of(-5, 0, 1, 2, 3, 100),
    mask: Uint8Array.of(1, 1, 1, 1, 1, 0),
  } as const

  it('keeps the closed range, with open ends', () => {
    expect([...intensityMask(region, { resegmentationRange: [0, 2], outlierSigma: null })]).toEqual([0, 1, 1, 1, 0, 0])
    expect([...intensityMask(region, { resegmentationRange: [1, null], outlierSigma: null })]).toEqual([
      0, 0, 1, 1, 1, 0,
    ])
  })

  it('drops outliers of the drawn mask and takes the intersection with the range', () => {
    // mean 0.2 and population standard deviation 2.786 of -5, 0, 1, 2, 3
    expect([...intensityMask(region, { resegmentationRange: null, outlierSigma: 1 })]).toEqual([0, 1, 1, 1, 0, 0])
    expect([...intensityMask(region, { resegmentationRange: [1, null], outlierSigma: 1 })]).toEqual([0, 0, 1, 1, 0, 0])
  })
})

describe('discretisation (IBSI 2.7)', () => {
  it('follows the formulas of fixed bin number and fixed bin size', () => {
    const values = Float64Array.of(0, 1, 2, 3, 10)
    expect([...discretise(values, full(5), { kind: 'FBN', bins: 5 }, null).levels]).toEqual([1, 1, 2, 2, 5])
    expect([...discretise(values, full(5), { kind: 'FBS', width: 2 }, null).levels]).toEqual([1, 1, 2, 2, 6])
    expect([...discretise(values, full(5), { kind: 'FBS', width: 2 }, -3).levels]).toEqual([2, 3, 3, 4, 7])
    expect([...discretise(values, full(5), { kind: 'FBS', width: 2, origin: -2 }, -3).levels]).toEqual([2, 2, 3, 3, 7])
  })

  it('stays within the bins and keeps the order of intensities', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 64 }), (list, bins) => {
        const values = Float64Array.from(list)
        const { levels, levelCount } = discretise(values, full(list.length), { kind: 'FBN', bins }, null)
        expect(levelCount).toBe(bins)
        const order = list.map((_, i) => i).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
        let previous = 1
        for (const i of order) {
          expect(levels[i]).toBeGreaterThanOrEqual(previous)
          previous = levels[i] ?? 0
        }
        expect(previous).toBe(bins)
      }),
    )
  })
})
