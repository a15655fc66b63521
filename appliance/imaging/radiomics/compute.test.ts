import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  completeSettings,
  computeRadiomics,
  type RadiomicSettings,
  RadiomicsError,
  type Triple,
  type Volume,
} from './index.ts'

const LEVELS: RadiomicSettings = { discretisation: { kind: 'none' }, intensityVolumeHistogram: { kind: 'none' } }

/** 5 x 4 x 4 voxels of 2 mm with six grey levels, most of them inside. */
function smallVolume() {
  const values = Int16Array.from({ length: 80 }, (_, index) => ((index * index + 3 * index) % 6) + 1)
  const mask = Uint8Array.from({ length: 80 }, (_, index) => (index % 13 === 0 ? 0 : 1))
  const image = { dimensions: [5, 4, 4], spacing: [2, 2, 2], values } satisfies Volume
  return { image, mask }
}

/** Intensities and mask on a grid of one shape; at least one voxel is inside. */
const N = 4
const regions = fc.record({
  values: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: N ** 3, maxLength: N ** 3 }),
  mask: fc.array(fc.boolean(), { minLength: N ** 3, maxLength: N ** 3 }).filter((mask) => mask.includes(true)),
})

function features(
  values: readonly number[],
  mask: readonly boolean[],
  settings = LEVELS,
  spacing: Triple = [1, 1, 1],
): Map<string, number | null> {
  const image = { dimensions: [N, N, N], spacing, values: Int16Array.from(values) } as const
  const rows = computeRadiomics({ image, mask: Uint8Array.from(mask, Number), settings })
  return new Map(rows.map(({ code, value }) => [code, value]))
}

/** Moves the voxel at each position to another place. */
function moved<T>(list: readonly T[], place: (x: number, y: number, z: number) => Triple): T[] {
  const result = [...list]
  list.forEach((item, i) => {
    const [x, y, z] = place(i % N, Math.floor(i / N) % N, Math.floor(i / N / N))
    result[(z * N + y) * N + x] = item
  })
  return result
}

function expectSame(a: Map<string, number | null>, b: Map<string, number | null>, skip: (code: string) => boolean) {
  expect([...b.keys()]).toEqual([...a.keys()])
  for (const [code, value] of a) {
    if (skip(code)) continue
    const other = b.get(code)
    if (value === null) expect(other, code).toBeNull()
    else expect(Math.abs(value - Number(other)) / (1 + Math.abs(value)), `${code} ${value} ${other}`).toBeLessThan(1e-7)
  }
}

/** Where voxels touch only by a corner or an edge, the triangles of the mesh depend on the axes by a little. */
const MESH = /^morph_(volume|area_mesh|av|comp_1|comp_2|sph_dispr|sphericity|asphericity|vol_dens|area_dens|integ_int)/

const codeOf = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    if (error instanceof RadiomicsError) return error.code
    throw error
  }
  return undefined
}

describe('computeRadiomics', () => {
  it('does not change when the volume is mirrored', () => {
    fc.assert(
      fc.property(regions, fc.constantFrom(0, 1, 2), ({ values, mask }, axis) => {
        const flip = (x: number, y: number, z: number): Triple => {
          const at: [number, number, number] = [x, y, z]
          at[axis] = N - 1 - at[axis]
          return at
        }
        expectSame(features(values, mask), features(moved(values, flip), moved(mask, flip)), (code) => MESH.test(code))
      }),
      { numRuns: 60 },
    )
  })

  it('does not change when slices turn by a quarter, nor, in three dimensions, when axes change places', () => {
    fc.assert(
      fc.property(regions, ({ values, mask }) => {
        const before = features(values, mask)
        const turn = (x: number, y: number, z: number): Triple => [N - 1 - y, x, z]
        expectSame(before, features(moved(values, turn), moved(mask, turn)), (code) => MESH.test(code))
        const cycle = (x: number, y: number, z: number): Triple => [y, z, x]
        const skip = (code: string) => MESH.test(code) || /_(2D|2_5D)(_|$)/.test(code) || code.startsWith('morph2d')
        const after = features(moved(values, cycle), moved(mask, cycle))
        for (const key of [...before.keys(), ...after.keys()])
          if (key.startsWith('morph2d')) for (const map of [before, after]) map.delete(key)
        expectSame(before, after, skip)
      }),
      { numRuns: 60 },
    )
  })

  it('changes mesh features by less than a tenth when the volume is mirrored', () => {
    fc.assert(
      fc.property(regions, ({ values, mask }) => {
        const flip = (x: number, y: number, z: number): Triple => [N - 1 - x, y, z]
        const [a, b] = [features(values, mask), features(moved(values, flip), moved(mask, flip))]
        for (const code of ['morph_volume', 'morph_area_mesh'])
          expect(Math.abs(Number(a.get(code)) / Number(b.get(code)) - 1)).toBeLessThan(0.1)
      }),
      { numRuns: 60 },
    )
  })

  it('shifts the mean and nothing else when a constant is added, with fixed bin number', () => {
    fc.assert(
      fc.property(regions, ({ values, mask }) => {
        const settings: RadiomicSettings = { discretisation: { kind: 'FBN', bins: 8 } }
        const [a, b] = [
          features(values, mask, settings),
          features(
            values.map((v) => v + 1024),
            mask,
            settings,
          ),
        ]
        expect(Number(b.get('stat_mean'))).toBeCloseTo(Number(a.get('stat_mean')) + 1024, 9)
        expectSame(a, b, (code) =>
          /^stat_(mean|median|min|max|p10|p90|cov|qcod|energy|rms)|^loc_|^morph_(com|integ)/.test(code),
        )
      }),
      { numRuns: 40 },
    )
  })

  it('scales volume with the cube and area with the square of the spacing', () => {
    fc.assert(
      fc.property(regions, ({ values, mask }) => {
        const [a, b] = [features(values, mask), features(values, mask, LEVELS, [3, 3, 3])]
        expect(Number(b.get('morph_volume')) / Number(a.get('morph_volume'))).toBeCloseTo(27, 8)
        expect(Number(b.get('morph_area_mesh')) / Number(a.get('morph_area_mesh'))).toBeCloseTo(9, 8)
        expect(Number(b.get('morph_sphericity'))).toBeCloseTo(Number(a.get('morph_sphericity')), 8)
      }),
      { numRuns: 30 },
    )
  })

  it('keeps probabilities and normalised features in their bounds', () => {
    fc.assert(
      fc.property(regions, ({ values, mask }) => {
        for (const [code, value] of features(values, mask)) {
          if (value === null) continue
          expect(Number.isFinite(value), code).toBe(true)
          if (/uniformity|joint_max|cm_energy|_norm_|_perc_|inv_diff|_sphericity|ivh_v/.test(code))
            expect(value >= 0 && value <= 1 + 1e-12, `${code} ${value}`).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('describes a constant image without dividing by zero', () => {
    const constant = features(
      Array.from({ length: N ** 3 }, () => 7),
      Array.from({ length: N ** 3 }, () => true),
    )
    expect(constant.get('stat_var')).toBe(0)
    expect(constant.get('stat_skew')).toBe(0)
    expect(constant.get('ih_entropy')).toBe(0)
    expect(constant.get('cm_joint_max_3D_comb')).toBe(1)
    expect(constant.get('cm_contrast_3D_avg')).toBe(0)
    expect(constant.get('cm_corr_3D_avg')).toBe(1)
    expect(constant.get('cm_info_corr1_3D_avg')).toBe(0)
    expect(constant.get('ngt_coarseness_3D')).toBe(1e6)
    expect(constant.get('szm_z_perc_3D')).toBe(1 / N ** 3)
    expect(constant.get('morph_moran_i')).toBeNull()
    expect(constant.get('loc_peak_glob')).toBeCloseTo(7, 12)
  })

  it('describes a single voxel; what needs two is null', () => {
    const mask = Array.from({ length: N ** 3 }, (_, i) => i === 21)
    const single = features(
      Array.from({ length: N ** 3 }, (_, i) => 1 + (i % 5)),
      mask,
    )
    expect(single.get('morph_vol_approx')).toBe(1)
    expect(single.get('morph_volume')).toBeCloseTo(1 / 6, 12)
    expect(single.get('morph_diam')).toBeCloseTo(1, 12)
    expect(single.get('morph_pca_elongation')).toBeNull()
    expect(single.get('morph_vol_dens_aee')).toBeNull()
    expect(single.get('cm_contrast_3D_avg')).toBeNull()
    expect(single.get('ngt_contrast_2D')).toBeNull()
    expect(single.get('szm_sze_3D')).toBe(1)
    expect(single.get('rlm_sre_2D_avg')).toBe(1)
    expect(single.get('morph2d_area_pixels')).toBe(1)
  })

  it('says in every row how it was come by', () => {
    const { image, mask } = smallVolume()
    const settings: RadiomicSettings = {
      discretisation: { kind: 'FBS', width: 2 },
      interpolation: { kind: 'trilinear', spacing: [1, 1, 1], round: true },
      resegmentationRange: [1, 5],
      outlierSigma: 3,
    }
    const rows = computeRadiomics({ image, mask, settings })
    const contrast = rows.find(({ code }) => code === 'cm_contrast_2_5D_comb')
    expect(contrast).toMatchObject({ ibsi: 'ACUI', verified: true })
    expect(contrast?.settings).toEqual({
      discretisation: 'FBS',
      binSize: 2,
      binOrigin: 1,
      interpolation: 'trilinear',
      spacing: [1, 1, 1],
      resegmentationRange: [1, 5],
      outlierSigma: 3,
      aggregation: '2_5D_comb',
    })
    expect(rows.find(({ code }) => code === 'morph_volume')).toMatchObject({
      unit: 'mm3',
      settings: { discretisation: 'none', binSize: null, aggregation: null },
    })
    expect(rows.find(({ code }) => code === 'ivh_auc')).toMatchObject({
      verified: false,
      settings: { discretisation: 'FBN', binSize: 1000 },
    })
  })

  it('computes the families and aggregations that are asked for, in the same order each time', () => {
    const { image, mask } = smallVolume()
    const settings = { ...LEVELS, families: ['statistics', 'cooccurrence'], aggregations: ['3D'] } as const
    const input = { image, mask, settings }
    const rows = computeRadiomics(input)
    expect(rows).toHaveLength(18 + 50)
    expect(computeRadiomics(input)).toEqual(rows)
  })

  it('answers bad input with a code', () => {
    const { image, mask } = smallVolume()
    const run = (change: Partial<Parameters<typeof computeRadiomics>[0]>) =>
      codeOf(() => computeRadiomics({ image, mask, settings: LEVELS, ...change }))
    expect(run({ mask: new Uint8Array(80) })).toBe('mask-empty')
    expect(run({ mask: new Uint8Array(79) })).toBe('dimensions-invalid')
    expect(run({ image: { ...image, spacing: [0, 1, 1] } })).toBe('dimensions-invalid')
    expect(run({ image: { ...image, dimensions: [5, 4, Number.NaN] } })).toBe('dimensions-invalid')
    expect(run({ image: { ...image, dimensions: [65536, 65536, 1] } })).toBe('too-large')
    expect(run({ image: { ...image, values: new Float32Array(80).fill(Number.NaN) } })).toBe('values-invalid')
    expect(run({ image: { ...image, values: new Float32Array(80).fill(0.5) } })).toBe('levels-invalid')
    expect(run({ image: { ...image, values: new Float32Array(80).fill(9000) } })).toBe('too-large')
    const tiny = { kind: 'trilinear', spacing: [1e-12, 1e-12, 1e-12], round: false } as const
    expect(run({ settings: { ...LEVELS, interpolation: tiny } })).toBe('too-large')
    expect(run({ settings: { ...LEVELS, resegmentationRange: [500, null] } })).toBe('intensity-mask-empty')
    expect(run({ settings: { ...LEVELS, resegmentationRange: [2, 1] } })).toBe('settings-invalid')
    expect(run({ settings: { discretisation: { kind: 'FBN', bins: 0 } } })).toBe('settings-invalid')
    expect(codeOf(() => completeSettings({ discretisation: { kind: 'FBS', width: -1 } }))).toBe('settings-invalid')
  })
})
