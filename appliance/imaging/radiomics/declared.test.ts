import type { DeclaredRadiomics } from '@leadglass/models'
import { declaredRadiomics } from '@leadglass/models'
import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { describe, expect, it } from 'vitest'
import { declaredFeatures, settingsOf } from './declared.ts'
import { computeRadiomics, featureVocabularyCode } from './index.ts'
import verified from './reference/verified.generated.json' with { type: 'json' }
import exceptions from './reference/without-agreement.json' with { type: 'json' }

const declared: DeclaredRadiomics = {
  region: { kind: 'threshold', minimum: 100 },
  settings: { discretisation: { kind: 'FBN', bins: 16 } },
  features: ['stat_mean', 'cm_contrast_3D_avg', 'ivh_auc', 'morph_volume'],
}

const values = Float64Array.from({ length: 10 * 10 * 4 }, (_, i) => (i % 10 < 5 ? 50 : 100 + ((i * 37) % 91)))
const image = { dimensions: [10, 10, 4], spacing: [1, 1, 2], values } as const

describe('declared radiomics', () => {
  it('gives the declared features in their order, as computeRadiomics does, and computes no other family', () => {
    const found = declaredFeatures(declared, image)
    expect(found).toMatchObject({ voxels: 200, reason: null })
    expect(found.rows.map(({ code }) => code)).toEqual(declared.features)
    const mask = Uint8Array.from(values, (value) => (value >= 100 ? 1 : 0))
    const all = computeRadiomics({ image, mask, settings: declared.settings })
    for (const row of found.rows) expect(row.value).toBe(all.find(({ code }) => code === row.code)?.value)
    expect(settingsOf(declared).families).toEqual([
      'morphology',
      'statistics',
      'intensity-volume-histogram',
      'cooccurrence',
    ])
    expect(settingsOf(declared).aggregations).toEqual(['3D'])
  })

  it('gives the same settings the same digest, and others another', () => {
    const again = declaredFeatures({ ...declared, region: { kind: 'image' } }, image)
    expect(again.settings).toBe(declaredFeatures(declared, image).settings)
    const finer = declaredFeatures({ ...declared, settings: { discretisation: { kind: 'FBN', bins: 32 } } }, image)
    expect(finer.settings).not.toBe(again.settings)
    expect(finer.settings).toMatch(/^[0-9a-f]{64}$/)
  })

  it('reads the region from a segmentation', () => {
    const labels = Uint8Array.from(values, (_, i) => (i < 100 ? 2 : 1))
    expect(declaredFeatures({ ...declared, region: { kind: 'segmentation', class: 2 } }, image, labels).voxels).toBe(
      100,
    )
  })

  it.each<[string, DeclaredRadiomics, string]>([
    ['few voxels', { ...declared, region: { kind: 'threshold', minimum: 189 } }, 'region-too-small'],
    ['no such code', { ...declared, features: ['stat_mean', 'stat_median_of_all'] }, 'feature-unknown'],
    ['a dimension that is not there', { ...declared, features: ['morph2d_perimeter'] }, 'feature-unknown'],
    [
      'more levels than can be counted',
      { ...declared, settings: { discretisation: { kind: 'FBS', width: 1e-6 } }, features: ['ih_mean'] },
      'too-large',
    ],
  ])('says why there is nothing: %s', (_, asked, reason) => {
    expect(declaredFeatures(asked, image)).toMatchObject({ reason, rows: [] })
  })

  it('names every feature by a code of the vocabulary that says whether it is verified', () => {
    const codes = [
      ...verified.map((code) => ({ code, verified: true })),
      ...exceptions.map(({ code }) => ({ code, verified: false })),
    ]
    const named = codes.map(featureVocabularyCode)
    for (const code of named) expect(vocabularyCode.safeParse(code).success, code).toBe(true)
    expect(new Set(named).size).toBe(codes.length)
    expect(featureVocabularyCode({ code: 'cm_contrast_3D_avg', verified: true })).toBe('radiomics.cm-contrast-3d-avg')
    expect(featureVocabularyCode({ code: 'ivh_auc', verified: false })).toBe('radiomics.unverified.ivh-auc')
  })

  it('is accepted in a manifest, and other forms are not', () => {
    expect(declaredRadiomics.safeParse(declared).success).toBe(true)
    for (const wrong of [
      { ...declared, features: ['stat_mean', 'stat_mean'] },
      { ...declared, features: [] },
      { ...declared, features: ['mean'] },
      { ...declared, region: { kind: 'threshold' } },
      { ...declared, settings: {} },
    ])
      expect(declaredRadiomics.safeParse(wrong).success).toBe(false)
  })
})
