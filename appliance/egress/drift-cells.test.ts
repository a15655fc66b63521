import type { ReferenceDistributions } from '@leadglass/models'
import { driftCounts } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import { countInstance, featureValue, releaseCells, SMALLEST_CELL } from './drift-cells.ts'

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) }
const REFERENCE: ReferenceDistributions = {
  schema: 'leadglass.reference-distributions/1',
  features: [
    { feature: 'score.pneumonia', edges: [0, 0.5, 1], counts: [1, 1] },
    { feature: 'embedding.0', edges: [-1, 0, 1], counts: [1, 1] },
    { feature: 'quality.mean', edges: [0, 100, 200], counts: [1, 1] },
  ],
}

describe('cells of drift counts', () => {
  it('never lets a cell below 11 leave, and every count leaves once at most', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 80 }), (values) => {
        const held = temporaryRecords()
        try {
          let left = 0
          for (const value of values) {
            const measured = {
              scores: [{ code: 'pneumonia', value }],
              embedding: [value - 0.5],
              quality: { 'quality.mean': value * 200 },
            }
            const bodies = held.records.transaction(() => {
              countInstance(held.records.egress, MODEL, REFERENCE, measured, '2020-03')
              return releaseCells(held.records.egress, MODEL, '2020-03')
            })
            for (const body of bodies) {
              expect(driftCounts.safeParse(body).success).toBe(true)
              for (const cell of body.cells) expect(cell.count).toBeGreaterThanOrEqual(SMALLEST_CELL)
              left += body.cells.reduce((sum, cell) => sum + cell.count, 0)
            }
          }
          const stays = held.records.egress.heldDrift().reduce((sum, row) => sum + row.held, 0)
          expect(left + stays).toBe(values.length * REFERENCE.features.length)
        } finally {
          held.dispose()
        }
      }),
      { numRuns: 8 },
    )
  })

  it('names features so that the contract can carry them', () => {
    expect(driftCounts.shape.feature.safeParse('embedding.12').success).toBe(true)
    expect(driftCounts.shape.feature.safeParse('score.pneumonia').success).toBe(true)
    expect(driftCounts.shape.feature.safeParse('a free text').success).toBe(false)
  })

  it('finds the value of a feature, or none', () => {
    const measured = { scores: [{ code: 'a.b', value: 1 }], embedding: [5, 6], quality: { 'quality.mean': 3 } }
    expect(featureValue(measured, 'score.a.b')).toBe(1)
    expect(featureValue(measured, 'embedding.1')).toBe(6)
    expect(featureValue(measured, 'quality.mean')).toBe(3)
    expect(featureValue(measured, 'embedding.7')).toBeUndefined()
    expect(featureValue(measured, 'other.x')).toBeUndefined()
  })
})
