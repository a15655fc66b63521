import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { histogramFeatures } from './histogram.ts'
import { localIntensityFeatures, PEAK_RADIUS } from './local-peak.ts'
import { intensityStatistics } from './statistics.ts'
import { volumeHistogramFeatures } from './volume-histogram.ts'

describe('intensity statistics (IBSI 3.3)', () => {
  it('gives the textbook values of 1, 2, 3, 4, 10', () => {
    const s = intensityStatistics(Float64Array.of(10, 1, 4, 3, 2))
    expect(s).toMatchObject({ mean: 4, var: 10, median: 3, min: 1, max: 10, range: 9, iqr: 2, energy: 130, medad: 2.2 })
    expect(s.skew).toBeCloseTo(36 / 10 ** 1.5, 12)
    expect(s.kurt).toBeCloseTo(278.8 / 100 - 3, 12)
    expect(s.p10).toBeCloseTo(1.4, 12)
    expect(s.p90).toBeCloseTo(7.6, 12)
    // 2, 3, 4 lie from the 10th to the 90th percentile
    expect(s.rmad).toBeCloseTo(2 / 3, 12)
    expect(s.qcod).toBeCloseTo(2 / 6, 12)
  })

  it('says null where a quotient has no divisor', () => {
    const s = intensityStatistics(Float64Array.of(-1, 1))
    expect(s.cov).toBeNull()
    expect(s.qcod).toBeNull()
  })

  it('moves with the intensities: shift and scale', () => {
    const list = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 50 })
    fc.assert(
      fc.property(
        list,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: -100, max: 100 }),
        (values, scale, shift) => {
          const a = intensityStatistics(Float64Array.from(values))
          const b = intensityStatistics(Float64Array.from(values, (value) => value * scale + shift))
          expect(b.mean).toBeCloseTo(Number(a.mean) * scale + shift, 6)
          expect(b.iqr).toBeCloseTo(Number(a.iqr) * scale, 6)
          expect(b.rmad).toBeCloseTo(Number(a.rmad) * scale, 6)
          expect(b.skew).toBeCloseTo(Number(a.skew), 6)
          expect(b.kurt).toBeCloseTo(Number(a.kurt), 6)
        },
      ),
    )
  })
})

describe('the intensity histogram (IBSI 3.4)', () => {
  const of = (levels: number[], levelCount: number) =>
    histogramFeatures({ levels: Uint16Array.from(levels), levelCount, origin: 0, width: 1 })

  it('takes of equally frequent levels the one nearest to the mean, then the lower', () => {
    expect(of([1, 1, 4, 4, 5], 5).mode).toBe(4)
    expect(of([1, 1, 3, 3], 3).mode).toBe(1)
  })

  it('counts empty bins in the gradient, and leaves out what is outside the mask (level 0)', () => {
    // counts 2, 0, 4, 0
    const h = of([0, 1, 1, 3, 3, 3, 3, 0], 4)
    expect(h).toMatchObject({ max_grad: 1, max_grad_g: 2, min_grad: -4, min_grad_g: 4 })
    expect(of([1, 1], 1)).toMatchObject({ max_grad: null, min_grad_g: null, entropy: 0, uniformity: 1 })
  })
})

describe('the intensity-volume histogram (IBSI 3.5)', () => {
  const values = Float64Array.of(10, 10, 20, 30, 110)

  it('takes the total range from the re-segmentation range where it is closed', () => {
    // half of the range 10..110 is 60; half of 10..30 is 20
    expect(volumeHistogramFeatures(values, { kind: 'none' }, null)).toMatchObject({
      v10: 0.6,
      v90: 0.2,
      i10: 111,
      i90: 11,
    })
    const wide = volumeHistogramFeatures(values, { kind: 'none' }, [0, 1000])
    expect(wide).toMatchObject({ v10: 0.2, v90: 0, i90: 11 })
  })

  it('answers in bin centres with fixed bin size and in bin numbers with fixed bin number', () => {
    const size = volumeHistogramFeatures(values, { kind: 'FBS', width: 20 }, null)
    expect(size.i90).toBe(40)
    expect(volumeHistogramFeatures(values, { kind: 'FBN', bins: 10 }, null).i90).toBe(2)
  })

  it('falls from all to nothing: fractions are ordered', () => {
    const list = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(list, fc.constantFrom('none', 'FBN', 'FBS'), (all, kind) => {
        const discretisation =
          kind === 'none' ? { kind } : kind === 'FBN' ? { kind, bins: 20 } : ({ kind: 'FBS', width: 3 } as const)
        const f = volumeHistogramFeatures(Float64Array.from(all), discretisation, null)
        expect(Number(f.v10)).toBeGreaterThanOrEqual(Number(f.v90))
        expect(Number(f.i10)).toBeGreaterThanOrEqual(Number(f.i90))
        expect(Number(f.auc)).toBeGreaterThanOrEqual(0)
        expect(Number(f.auc)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('local intensity (IBSI 3.2)', () => {
  it('equals the mean over every voxel of the image within the sphere', () => {
    const [nx, ny, nz] = [7, 6, 5]
    const list = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: nx * ny * nz, maxLength: nx * ny * nz })
    const step = fc.constantFrom(1, 2.5, 4)
    fc.assert(
      fc.property(list, fc.tuple(step, step, step), fc.integer({ min: 1, max: 100 }), (all, spacing, seed) => {
        const mask = Uint8Array.from(all, (value, i) => ((i * seed + value) % 3 === 0 ? 1 : 0))
        mask[0] = 1
        const region = { dimensions: [nx, ny, nz], spacing, values: Float64Array.from(all), mask } as const
        const at = (i: number) => [i % nx, Math.floor(i / nx) % ny, Math.floor(i / nx / ny)]
        const mean = (centre: number) => {
          const near = all.filter((_, i) => {
            const [p, q] = [at(i), at(centre)]
            return Math.hypot(...p.map((x, k) => (x - (q[k] ?? 0)) * (spacing[k] ?? 1))) <= PEAK_RADIUS
          })
          return near.reduce((a, b) => a + b, 0) / near.length
        }
        const centres = all.flatMap((_, i) => (mask[i] === 1 ? [i] : []))
        const highest = Math.max(...centres.map((i) => all[i] ?? 0))
        const f = localIntensityFeatures(region, mask)
        expect(f.peak_glob).toBeCloseTo(Math.max(...centres.map(mean)), 9)
        expect(f.peak_loc).toBeCloseTo(Math.max(...centres.filter((i) => all[i] === highest).map(mean)), 9)
      }),
      { numRuns: 15 },
    )
  })
})
