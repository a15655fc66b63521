import type { ReferenceDistributions } from '@leadglass/models'
import { type DriftCounts, driftCounts, type EnvelopeBody } from '@leadglass/sync-agent/contract'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import { countInstance, countLabel, featureValue, releaseCells, SMALLEST_CELL } from './drift-cells.ts'
import { DriftRelease, hourOfMonth } from './drift-release.ts'

const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) }
const REFERENCE: ReferenceDistributions = {
  schema: 'leadglass.reference-distributions/1',
  features: [
    { feature: 'score.pneumonia', edges: [0, 0.5, 1], counts: [1, 1] },
    { feature: 'embedding.0', edges: [-1, 0, 1], counts: [1, 1] },
    { feature: 'quality.mean', edges: [0, 100, 200], counts: [1, 1] },
  ],
}

const AT = { month: '2020-03', hour: 5 }

describe('cells of drift counts', () => {
  it('never lets a cell below 11 leave, and every count leaves once at most', { timeout: 60_000 }, () => {
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
              standard: { 'metadata.view': 'PA', 'latency.score': value * 40 },
            }
            const bodies = held.records.transaction(() => {
              countInstance(held.records.egress, MODEL, REFERENCE, measured)
              return releaseCells(held.records.egress, AT)
            })
            for (const body of bodies) {
              expect(driftCounts.safeParse(body).success).toBe(true)
              for (const cell of body.cells) expect(cell.count).toBeGreaterThanOrEqual(SMALLEST_CELL)
              left += body.cells.reduce((sum, cell) => sum + cell.count, 0)
            }
          }
          const stays = held.records.egress.heldDrift().reduce((sum, row) => sum + row.held, 0)
          expect(left + stays).toBe(values.length * (REFERENCE.features.length + 2))
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
    const standard = { 'metadata.view': 'LL', 'metadata.kvp': 120 }
    expect(featureValue({ ...measured, standard }, 'metadata.view')).toBe(2)
    expect(featureValue({ ...measured, standard }, 'metadata.kvp')).toBe(120)
  })

  it('counts a header on the bins of the package where the package has them', () => {
    const held = temporaryRecords()
    const own = { feature: 'metadata.kvp', edges: [0, 100, 200], counts: [1, 1] }
    const measured = { scores: [], embedding: [], quality: {}, standard: { 'metadata.kvp': 120, 'metadata.sex': 'M' } }
    for (let i = 0; i < SMALLEST_CELL; i += 1) {
      countInstance(held.records.egress, MODEL, { ...REFERENCE, features: [own] }, measured)
      countLabel(held.records.egress, MODEL, 'pneumonia', 'present')
      countLabel(held.records.egress, MODEL, 'a name with spaces', 'present')
    }
    const cells = releaseCells(held.records.egress, AT).map(({ feature, cells: [cell] }) => [feature, cell?.bin])
    expect(cells).toEqual([
      ['label.pneumonia', 2],
      ['metadata.kvp', 1],
      ['metadata.sex', 1],
    ])
    held.dispose()
  })

  it('leave when an hour has ended, each once; a door that is full keeps them', () => {
    const held = temporaryRecords()
    const clock = new ManualClock(Date.parse('2020-03-31T22:59:59Z'))
    const sealed: DriftCounts[] = []
    let full = true
    const door = { isFull: () => full, seal: (body: EnvelopeBody) => void sealed.push(body as DriftCounts) }
    const release = new DriftRelease({ records: held.records, door, clock })
    const count = (times: number): void => {
      for (let i = 0; i < times; i += 1) countLabel(held.records.egress, MODEL, 'pneumonia', 'absent')
    }
    count(12)
    expect(release.pass()).toBe(0)
    clock.advance(1000)
    expect(release.pass()).toBe(0)
    full = false
    expect([release.pass(), release.pass()]).toEqual([1, 0])
    expect(sealed).toMatchObject([{ month: '2020-03', hour: 742, cells: [{ bin: 0, count: 12 }] }])
    // Ten wait, whatever month begins, until there are eleven.
    count(10)
    clock.advance(3_600_000)
    expect(release.pass()).toBe(0)
    count(1)
    clock.advance(3_600_000)
    expect(release.pass()).toBe(1)
    expect(sealed[1]).toMatchObject({ month: '2020-04', hour: 0, cells: [{ bin: 0, count: 11 }] })
    expect(sealed.every((body) => driftCounts.safeParse(body).success)).toBe(true)
    held.dispose()
  })

  it('know the hour of a month, counted from 0', () => {
    expect(hourOfMonth(Date.parse('2020-02-29T23:59:59Z'))).toEqual({ month: '2020-02', hour: 695 })
    expect(hourOfMonth(Date.parse('2020-03-01T00:00:00Z'))).toEqual({ month: '2020-03', hour: 0 })
  })
})
