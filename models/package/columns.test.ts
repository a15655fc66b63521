import { describe, expect, it } from 'vitest'
import { examplePackage } from '../testing/example-package.ts'
import { type Column, column, goldenRow, scoreOf, tableRow } from './columns.ts'
import { type ManifestContent, sealManifest } from './write-package.ts'

const age: Column = { name: 'age', source: 'header.age-years', unit: 'a', missing: 'refuse' }
const sex: Column = { name: 'sex', source: 'header.sex', unit: '1', missing: { impute: 0.5 }, coding: { F: 0, M: 1 } }
const noise: Column = { name: 'noise', source: 'quality.noise', unit: '1', missing: 'nan' }
const score: Column = {
  name: 'pneumonia',
  source: 'score.chest-radiograph.pneumonia',
  unit: '1',
  missing: 'refuse',
  range: { minimum: 0, maximum: 1 },
}

describe('columns of a table', () => {
  it.each([
    'header.patient-name',
    'header.age',
    'score.chest-radiograph',
    'score..x',
    'quality.',
    'embedding.0',
    'radiomics.',
    'HEADER.SEX',
  ])('have no source %j', (source) => {
    expect(column.safeParse({ ...age, source }).success).toBe(false)
  })

  it('have these sources', () => {
    expect([age, sex, noise, score].map((one) => column.safeParse(one).success)).toEqual([true, true, true, true])
    expect(column.safeParse({ ...age, source: 'radiomics.glcm.joint-entropy' }).success).toBe(true)
    expect(scoreOf(score.source)).toEqual({ model: 'chest-radiograph', output: 'pneumonia' })
    expect(scoreOf('quality.noise')).toBeUndefined()
  })

  it('need a coding for the sex, and for nothing else', () => {
    const { coding: _, ...uncoded } = sex
    expect(column.safeParse(uncoded).success).toBe(false)
    expect(column.safeParse({ ...age, coding: { F: 0 } }).success).toBe(false)
    expect(column.safeParse({ ...score, range: { minimum: 2, maximum: 1 } }).success).toBe(false)
  })

  it('make a row, with what stands in for what is missing', () => {
    const of = (values: Record<string, number>) => tableRow([age, sex, noise, score], ({ name }) => values[name])
    expect(of({ age: 63, sex: 1, noise: 0.01, pneumonia: 0.5 })).toEqual({ kind: 'row', values: [63, 1, 0.01, 0.5] })
    expect(of({ age: 63, pneumonia: 1 })).toEqual({ kind: 'row', values: [63, 0.5, null, 1] })
    expect(of({ pneumonia: 1 })).toEqual({ kind: 'refused', reason: 'missing-input', column: 'age' })
    expect(of({ age: Number.NaN, pneumonia: 1 })).toMatchObject({ reason: 'missing-input', column: 'age' })
    expect(of({ age: 63, pneumonia: 1.01 })).toEqual({ kind: 'refused', reason: 'out-of-range', column: 'pneumonia' })
  })

  it('stand in golden rows by their names', () => {
    const row = { schema: 'leadglass.golden-row/1', values: { age: 63, sex: null } }
    expect(goldenRow.safeParse(row).success).toBe(true)
    expect(goldenRow.safeParse({ ...row, values: { Age: 1 } }).success).toBe(false)
  })
})

describe('a package of the kind tabular', () => {
  const image = examplePackage()
  const table: ManifestContent = {
    ...image.manifest,
    kind: 'tabular',
    input: { name: 'features', type: 'float32', shape: ['N', 4] },
    columns: [age, sex, noise, score],
    preprocessing: [],
    graphs: [{ id: 'net', file: 'backbone.onnx', inputs: { features: '$input' }, outputs: ['probability'] }],
    embedding: { from: 'net.probability', length: 1 },
    outputs: image.manifest.outputs.map((one) => ({ ...one, from: 'net.probability' })),
  }
  const refusal = (manifest: ManifestContent): string => {
    try {
      sealManifest({ ...image, manifest })
      return 'accepted'
    } catch (error) {
      return error instanceof Error ? error.message : 'unknown'
    }
  }

  it('is accepted', () => {
    expect(refusal(table)).toBe('accepted')
  })

  it.each<[string, ManifestContent, RegExp]>([
    ['no columns', { ...table, columns: undefined }, /columns belongs/],
    ['another width', { ...table, input: { ...table.input, shape: ['N', 5] } }, /not as wide/],
    ['a column twice', { ...table, columns: [age, age, noise, score] }, /stands twice/],
    ['steps', { ...table, preprocessing: image.manifest.preprocessing }, /for images and volumes/],
    ['the input of an image', { ...table, input: image.manifest.input }, /not as wide/],
    ['columns of an image', { ...image.manifest, columns: [age] }, /columns belongs/],
    ['an image without steps', { ...image.manifest, preprocessing: [] }, /no resize/],
  ])('is refused with %s', (_, manifest, reason) => {
    expect(refusal(manifest)).toMatch(reason)
  })
})
