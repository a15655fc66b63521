import type { FitRules } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InstanceFacts } from '../imaging/index.ts'
import { fits, fitsQuality } from './fit.ts'
import { LaneQueue, SCORING_LANES } from './lane-queue.ts'
import { combineFrames, sampledFrames } from './worker/frames.ts'

const rules: FitRules = { modalities: ['US'], sopClasses: ['1.2'], bodyParts: [], views: [], minRows: 1, minColumns: 1 }
const facts: InstanceFacts = {
  modality: 'US',
  sopClassUid: '1.2',
  bodyPart: '',
  view: '',
  rows: 8,
  columns: 8,
  frames: 1,
  monochrome: true,
  exposureIndex: undefined,
  deviationIndex: undefined,
}

describe('fit by age, frames and quality', () => {
  it('needs an age in the header and takes both ends', () => {
    const adults = { ...rules, age: { minimumYears: 18, maximumYears: 90 } }
    const verdicts = [undefined, 17, 18, 90, 91].map((ageYears) => fits(adults, { ...facts, ageYears }).kind)
    expect(verdicts).toEqual(['no-fit', 'no-fit', 'fits', 'fits', 'no-fit'])
    expect(fits(adults, facts)).toEqual({ kind: 'no-fit', reason: 'no-fit-age' })
  })

  it('takes one frame unless the package says how many', () => {
    const cine = { ...rules, frames: { minimum: 2, maximum: 5 } }
    expect(fits(rules, { ...facts, frames: 2 })).toEqual({ kind: 'no-fit', reason: 'multi-frame' })
    expect([1, 2, 5, 6].map((frames) => fits(cine, { ...facts, frames }).kind)).toEqual([
      'no-fit',
      'fits',
      'fits',
      'no-fit',
    ])
  })

  it('holds measured figures to their bounds; one that was not measured decides nothing', () => {
    const clean = { ...rules, quality: [{ figure: 'quality.clipped-high', maximum: 0.2 }] }
    const verdicts = [{}, { 'quality.clipped-high': 0.2 }, { 'quality.clipped-high': 0.21 }]
    expect(verdicts.map((quality) => fitsQuality(clean, quality))).toEqual([true, true, false])
  })
})

describe('the four lanes', () => {
  it('keep the order of arrival in each, and let nothing wait for more than eight turns of its own place', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...SCORING_LANES), { maxLength: 60 }), (lanes) => {
        const queue = new LaneQueue<{ lane: string; n: number }>(100)
        for (const [n, lane] of lanes.entries()) queue.offer(lane, { lane, n })
        const order = lanes.map(() => queue.take())
        expect(queue.length).toBe(0)
        for (const lane of SCORING_LANES) {
          const numbers = order.flatMap((one) => (one?.lane === lane ? [one.n] : []))
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
        }
      }),
    )
  })

  it('serve STAT first, but every eighth turn what waits longest below', () => {
    const queue = new LaneQueue<string>(100)
    queue.offer('off-peak', 'off-peak')
    for (let i = 0; i < 10; i += 1) queue.offer('stat', `stat-${i}`)
    queue.offer('urgent', 'urgent')
    const order = Array.from({ length: 12 }, () => queue.take())
    expect(order.indexOf('off-peak')).toBe(7)
    expect(order.slice(8)).toEqual(['stat-7', 'stat-8', 'stat-9', 'urgent'])
  })
})

describe('frames', () => {
  it('are sampled evenly, from the middle of each part', () => {
    expect(sampledFrames(100, 4)).toEqual([12, 37, 62, 87])
    expect(sampledFrames(3, 8)).toEqual([0, 1, 2])
    expect(sampledFrames(1, 1)).toEqual([0])
  })

  it('become one result: embeddings averaged, scores averaged or their largest', () => {
    const frame = (embedding: number, value: number) => ({
      embedding: Float32Array.of(embedding),
      scores: [{ code: 'finding', value }],
    })
    const frames = [frame(1, 0.25), frame(3, 0.75)]
    expect(combineFrames(frames, 'maximum')).toEqual({ ...frame(2, 0.75) })
    expect(combineFrames(frames, 'mean')).toEqual({ ...frame(2, 0.5) })
  })
})
