import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CountedSeries, chooseSeries } from './choose-series.ts'

function series(name: string, change: Partial<CountedSeries> = {}): CountedSeries {
  const facts = {
    modality: 'CT',
    description: 'Thorax 1.0 Br40',
    sliceThickness: 1,
    at: '20260101080000',
    instances: 100,
  }
  return { seriesInstanceUid: name, ...facts, ...change }
}

describe('the choice of a series', () => {
  const all = [
    series('a', { sliceThickness: 5, instances: 60 }),
    series('b'),
    series('c', { description: 'Thorax 1.0 Br64 LUNG', at: '20260101090000' }),
    series('d', { modality: 'SR', sliceThickness: undefined, instances: 1 }),
  ]

  it('narrows by modality, words, thickness and number, and then prefers', () => {
    const bounds = { sliceThickness: { minimum: 0.5, maximum: 5 } }
    expect(chooseSeries({ prefer: 'most-instances' }, all)?.seriesInstanceUid).toBe('c')
    expect(chooseSeries({ prefer: 'latest', modality: 'CT' }, all)?.seriesInstanceUid).toBe('c')
    expect(chooseSeries({ prefer: 'thinnest', ...bounds, description: ['br40'] }, all)?.seriesInstanceUid).toBe('b')
    expect(chooseSeries({ prefer: 'latest', description: ['thorax', 'lung'] }, all)?.seriesInstanceUid).toBe('c')
    expect(chooseSeries({ prefer: 'latest', sliceThickness: { minimum: 3, maximum: 9 } }, all)?.seriesInstanceUid).toBe(
      'a',
    )
    expect(chooseSeries({ prefer: 'latest', minimumInstances: 101 }, all)).toBeUndefined()
    expect(chooseSeries({ prefer: 'latest', modality: 'MR' }, all)).toBeUndefined()
  })

  it('is the same in whatever order the instances came', () => {
    const preferences = fc.constantFrom('thinnest', 'most-instances', 'latest')
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), preferences, (shuffled, prefer) => {
        const rule = { prefer, sliceThickness: { minimum: 0, maximum: 10 } } as const
        expect(chooseSeries(rule, shuffled)).toEqual(chooseSeries(rule, all))
      }),
    )
  })
})
