import { describe, expect, it } from 'vitest'
import { volumeRadiomics } from './radiomics.ts'

const size = [4, 8, 10] as const
const count = 4 * 8 * 10
const values = Float32Array.from({ length: count }, (_, i) => i)
const volume = { size, spacing: [5, 2, 1] as const, values }
const settings = { discretisation: { kind: 'FBN', bins: 8 } } as const

describe('radiomics of a segmentation', () => {
  it('are of the voxels of the class, with the spacing of the series', () => {
    const labels = Uint8Array.from(values, (_, i) => (i < count / 2 ? 3 : 0))
    const features = ['stat_mean', 'morph_vol_approx', 'stat_max']
    const declared = { region: { kind: 'segmentation', class: 3 } as const, settings, features }
    const { radiomics } = volumeRadiomics(declared, volume, () => labels)
    expect(radiomics).toMatchObject({ voxels: count / 2, reason: null })
    const row = (code: string) => radiomics?.rows.find((one) => one.code === code)
    expect(row('radiomics.stat-mean')).toMatchObject({ value: (count / 2 - 1) / 2, verified: true, ibsi: 'Q4LE' })
    // 160 voxels of 5 x 2 x 1 mm
    expect(row('radiomics.morph-vol-approx')).toMatchObject({ value: 1600, unit: 'mm3' })
    expect(row('radiomics.stat-max')?.value).toBe(count / 2 - 1)
  })

  it('are nothing where the package asks for nothing', () => {
    expect(volumeRadiomics(undefined, volume, () => new Uint8Array(0))).toEqual({})
  })
})
