import type { FitRules } from '@leadglass/models'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { InstanceFacts } from '../imaging/index.ts'
import { fits } from './fit.ts'
import { LaneQueue } from './lane-queue.ts'
import { selectModels } from './select.ts'

const DX = '1.2.840.10008.5.1.4.1.1.1.1'

const rules: FitRules = {
  modalities: ['CR', 'DX'],
  sopClasses: [DX],
  bodyParts: ['CHEST'],
  views: ['AP', 'PA'],
  minRows: 64,
  minColumns: 64,
}

const facts: InstanceFacts = {
  modality: 'DX',
  sopClassUid: DX,
  bodyPart: 'CHEST',
  view: 'PA',
  rows: 64,
  columns: 64,
  frames: 1,
  monochrome: true,
  exposureIndex: undefined,
  deviationIndex: undefined,
}

describe('fit', () => {
  it('accepts what every rule accepts', () => {
    expect(fits(rules, facts)).toEqual({ kind: 'fits' })
    expect(fits({ ...rules, bodyParts: [], views: [] }, { ...facts, bodyPart: '', view: '' })).toEqual({ kind: 'fits' })
  })

  it.each([
    ['no-fit-modality', { modality: 'CT' }],
    ['no-fit-sop-class', { sopClassUid: '1.2.3' }],
    ['no-fit-body-part', { bodyPart: 'HAND' }],
    ['no-fit-body-part', { bodyPart: '' }],
    ['no-fit-view', { view: 'LL' }],
    ['no-fit-view', { view: '' }],
    ['too-small', { rows: 63 }],
    ['too-small', { columns: 63 }],
    ['multi-frame', { frames: 2 }],
    ['not-monochrome', { monochrome: false }],
  ] as const)('says %s', (reason, change) => {
    expect(fits(rules, { ...facts, ...change })).toEqual({ kind: 'no-fit', reason })
  })
})

describe('selection', () => {
  const model = (name: string) => ({ name, version: '1.0.0', digest: 'a'.repeat(64) })
  const chest = { model: model('chest'), fit: rules }
  const hand = { model: model('hand'), fit: { ...rules, bodyParts: ['HAND'] } }

  it('takes every model that fits, in order', () => {
    const second = { ...chest, model: model('second') }
    expect(selectModels([hand, chest, second], facts)).toEqual({
      kind: 'selected',
      models: [chest.model, second.model],
    })
  })

  it('tells the reason of the model that came closest', () => {
    expect(selectModels([hand, chest], { ...facts, view: 'LL' })).toEqual({ kind: 'none', reason: 'no-fit-view' })
    expect(selectModels([], facts)).toEqual({ kind: 'none', reason: 'no-model' })
  })
})

describe('the queue', () => {
  it('keeps its bound, the order within a lane, and STAT before routine', () => {
    const offers = fc.array(fc.constantFrom('stat' as const, 'routine' as const), { maxLength: 20 })
    fc.assert(
      fc.property(offers, (lanes) => {
        const queue = new LaneQueue<{ lane: string; n: number }>(8)
        const taken = lanes.map((lane, n) => queue.offer(lane, { lane, n }))
        expect(taken.filter(Boolean)).toHaveLength(Math.min(8, lanes.length))
        const order = Array.from({ length: queue.length }, () => queue.take())
        const kept = lanes.slice(0, 8).map((lane, n) => ({ lane, n }))
        expect(order).toEqual([...kept.filter((x) => x.lane === 'stat'), ...kept.filter((x) => x.lane === 'routine')])
        expect(queue.take()).toBeUndefined()
      }),
    )
  })

  it('puts an item back before its lane', () => {
    const queue = new LaneQueue<number>(1)
    queue.offer('routine', 1)
    queue.putBack('routine', 0)
    expect(queue.drain()).toEqual([0, 1])
  })
})
