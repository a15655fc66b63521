import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharedData } from '../../../installer/testing/peers.ts'
import { computeRadiomics, type RadiomicSettings } from './index.ts'
import { readNrrd } from './testing/nrrd.ts'
import { baselineColumn, baselineSlice, SAME_DEFINITIONS } from './testing/pyradiomics-baseline.ts'

const folder = sharedData('pyradiomics/data')

/** PyRadiomics aligns the bins of fixed bin size with multiples of the width, so the origin is below the lowest intensity. */
const CASES = [
  { name: 'brain1', origin: 450 },
  { name: 'breast1', origin: 100 },
] as const

/** Baseline column (after the case's name), our aggregation by family, and the discretisation of the baseline. */
const VARIANTS = [
  { file: 'firstorder', column: '', aggregation: '', bins: 'FBS' },
  { file: 'glcm', column: '', aggregation: '_3D_avg', bins: 'FBS' },
  { file: 'glcm', column: '_2d', aggregation: '_2_5D_avg', bins: 'FBS' },
  { file: 'glcm', column: '_combined', aggregation: '_3D_comb', bins: 'FBS' },
  { file: 'glcm', column: '_FBN', aggregation: '_3D_avg', bins: 'FBN' },
  { file: 'glrlm', column: '', aggregation: '_3D_avg', bins: 'FBS' },
  { file: 'glrlm', column: '_2d', aggregation: '_2_5D_avg', bins: 'FBS' },
  { file: 'glrlm', column: '_FBN', aggregation: '_3D_avg', bins: 'FBN' },
  { file: 'glszm', column: '', aggregation: '_3D', bins: 'FBS' },
  { file: 'glszm', column: '_2d', aggregation: '_2_5D', bins: 'FBS' },
  { file: 'glszm', column: '_FBN', aggregation: '_3D', bins: 'FBN' },
  { file: 'gldm', column: '', aggregation: '_3D', bins: 'FBS' },
  { file: 'gldm', column: '_2d', aggregation: '_2_5D', bins: 'FBS' },
  { file: 'gldm', column: '_FBN', aggregation: '_3D', bins: 'FBN' },
  { file: 'ngtdm', column: '', aggregation: '_3D', bins: 'FBS' },
  { file: 'ngtdm', column: '_2d', aggregation: '_2_5D', bins: 'FBS' },
  { file: 'ngtdm', column: '_FBN', aggregation: '_3D', bins: 'FBN' },
  { file: 'shape', column: '', aggregation: '', bins: 'FBS' },
] as const

/** Relative. The mesh differs where diagonal voxels touch; everything else is the same arithmetic in another order. */
const MESH_TOLERANCE = 3e-3
const TOLERANCE = 1e-6
const MESH_CODES = /^morph_(volume|area_mesh|av|sphericity)$/

describe.skipIf(folder === undefined)('PyRadiomics baselines (needs shared data pyradiomics)', () => {
  const baseline = (file: string) => readFileSync(join(folder ?? '', 'baseline', `baseline_${file}.csv`), 'utf8')
  const load = (name: string) => ({
    image: readNrrd(readFileSync(join(folder ?? '', `${name}_image.nrrd`))),
    mask: Uint8Array.from(readNrrd(readFileSync(join(folder ?? '', `${name}_label.nrrd`))).values),
  })

  describe.each(CASES)('$name', ({ name, origin }) => {
    const { image, mask } = folder === undefined ? { image: undefined, mask: undefined } : load(name)
    const compute = (discretisation: RadiomicSettings['discretisation']) => {
      if (image === undefined) throw new Error('the shared data went away')
      const families: RadiomicSettings['families'] = [
        'morphology',
        'statistics',
        'intensity-histogram',
        'cooccurrence',
        'run-length',
        'size-zone',
        'tone-difference',
        'grey-level-dependence',
      ]
      const features = computeRadiomics({ image, mask, settings: { discretisation, families } })
      return new Map(features.map(({ code, value }) => [code, value]))
    }
    const values = {
      FBS: folder === undefined ? new Map<string, number | null>() : compute({ kind: 'FBS', width: 25, origin }),
      FBN: folder === undefined ? new Map<string, number | null>() : compute({ kind: 'FBN', bins: 64 }),
    }

    it.each(VARIANTS)('$file $column agrees with $aggregation', ({ file, column, aggregation, bins }) => {
      const expected = baselineColumn(baseline(file), `${name}${column}`)
      for (const [theirs, ours] of Object.entries(SAME_DEFINITIONS[file] ?? {})) {
        const code = `${ours}${aggregation}`
        const reference = expected.get(theirs)
        expect(reference, `${theirs} in the baseline`).toBeTypeOf('number')
        const computed = values[bins].get(code)
        const tolerance = MESH_CODES.test(code) ? MESH_TOLERANCE : TOLERANCE
        const gap = Math.abs(Number(computed) - Number(reference)) / Math.max(Math.abs(Number(reference)), 1e-12)
        expect(gap, `${code}: ${computed}, PyRadiomics: ${reference}`).toBeLessThan(tolerance)
      }
    })

    it('has the known differences: kurtosis by 3, axis lengths by the divisor n - 1', () => {
      const kurtosis = baselineColumn(baseline('firstorder'), name).get('Kurtosis')
      expect(values.FBS.get('stat_kurt')).toBeCloseTo(Number(kurtosis) - 3, 9)
      const major = baselineColumn(baseline('shape'), name).get('MajorAxisLength')
      const voxels = mask?.reduce((sum, inside) => sum + inside, 0) ?? 0
      expect(values.FBS.get('morph_pca_maj_axis')).toBeCloseTo(Number(major) * Math.sqrt(voxels / (voxels - 1)), 6)
    })

    it('agrees in the shape of one slice', () => {
      if (image === undefined) throw new Error('the shared data went away')
      const csv = baseline('shape2D')
      const z = baselineSlice(csv, `${name}_shape2D`)
      const size = image.dimensions[0] * image.dimensions[1]
      const plane = {
        image: {
          ...image,
          dimensions: [image.dimensions[0], image.dimensions[1], 1] as const,
          values: image.values.slice(z * size, (z + 1) * size),
        },
        mask: mask.slice(z * size, (z + 1) * size),
      }
      const settings: RadiomicSettings = { discretisation: { kind: 'FBN', bins: 32 }, families: ['morphology-2d'] }
      const computed = new Map(computeRadiomics({ ...plane, settings }).map(({ code, value }) => [code, value]))
      const expected = baselineColumn(csv, `${name}_shape2D`)
      for (const [theirs, ours] of Object.entries(SAME_DEFINITIONS.shape2D ?? {}))
        expect(computed.get(ours), ours).toBeCloseTo(Number(expected.get(theirs)), 6)
    })
  })
})
