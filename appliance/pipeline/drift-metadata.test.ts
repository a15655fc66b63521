import { MANUFACTURERS, standardBin, standardFeature } from '@leadglass/models'
import type { AcquisitionFacts } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dataSetOf, textElement } from '../imaging/dataset/index.ts'
import { driftMetadata } from './drift-metadata.ts'

const FACTS: AcquisitionFacts = { modality: 'DX', view: 'PA', sex: 'F', ageDecade: 6, month: '2019-07' }
const headed = (elements: readonly (readonly [number, 'LO' | 'DS' | 'CS', string])[]) =>
  driftMetadata(dataSetOf(elements.map(([tag, vr, value]) => textElement(tag, vr, value))), FACTS)

describe('what is counted of a header', () => {
  it('is makers of a closed list, and figures', () => {
    const found = headed([
      [0x00080070, 'LO', 'GE Healthcare'],
      [0x00180060, 'DS', '120'],
      [0x00181164, 'DS', '0.14\\0.14'],
      [0x00280004, 'CS', 'MONOCHROME1'],
    ])
    expect(found).toMatchObject({
      'metadata.manufacturer': 'ge',
      'metadata.kvp': 120,
      'metadata.view': 'PA',
      'metadata.age-decade': '6',
      'metadata.photometric': 'MONOCHROME1',
    })
    expect(headed([])).toMatchObject({ 'metadata.manufacturer': 'unknown', 'metadata.photometric': 'other' })
    expect(headed([])).not.toHaveProperty('metadata.kvp')
  })

  it('no text of a header comes through, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), (name) => {
        const found = headed([
          [0x00080070, 'LO', name],
          [0x00280004, 'CS', `MONOCHROME${name}`],
        ])
        expect(MANUFACTURERS).toContain(found['metadata.manufacturer'])
        for (const [feature, value] of Object.entries(found)) {
          const standard = standardFeature(feature)
          if (standard === undefined) throw new Error(`${feature} is no standard feature`)
          const bin = standardBin(standard, value)
          expect(bin === undefined || Number.isInteger(bin)).toBe(true)
        }
      }),
    )
  })
})
