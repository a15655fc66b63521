import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { retentionSettings } from '../settings-retention.ts'
import { judgeRetention, type RetentionFacts } from './judge.ts'

const DAY = 86_400_000
const { rules } = retentionSettings.parse({
  rules: [
    { name: 'kept-only', keepDays: 7, from: 'complete', processing: 'keep' },
    { name: 'mammography', keepDays: 3650, modalities: ['MG'] },
    { name: 'emergency', keepDays: 10, callingAeTitles: ['ER_*'] },
    { name: 'others', keepDays: 30 },
  ],
})
const DONE: RetentionFacts = {
  modalities: ['DX'],
  callingAeTitles: ['CR1'],
  processing: 'score',
  isOpen: false,
  completedAt: 0,
  pendingDeliveries: 0,
  deadDeliveries: 0,
  deliveredAt: 5 * DAY,
  unacknowledged: 0,
  holds: 0,
}
const judge = (change: Partial<RetentionFacts>, days: number) =>
  judgeRetention({ ...DONE, ...change }, rules, days * DAY)

describe('how long a study is kept', () => {
  it('counts from the last delivery', () => {
    expect(judge({}, 34.9)).toMatchObject({ kind: 'kept', because: 'not-yet', until: 35 * DAY })
    expect(judge({}, 35)).toEqual({ kind: 'due', rule: 'others', since: 35 * DAY })
  })

  it.each([
    ['modality', { modalities: ['CR', 'MG'] }, 'mammography'],
    ['source', { callingAeTitles: ['ER_XR'] }, 'emergency'],
    ['what was decided about it', { processing: 'keep' }, 'kept-only'],
  ] as const)('the first rule that fits by %s says', (_name, change, rule) => {
    expect(judge(change, 10_000)).toMatchObject({ kind: 'due', rule })
  })

  it('without a rule everything stays', () => {
    expect(judgeRetention(DONE, [], 1e9 * DAY)).toMatchObject({ because: 'no-rule' })
  })

  it.each([
    ['a legal hold', { holds: 1 }, 'legal-hold'],
    ['open work', { isOpen: true }, 'still-working'],
    ['never complete', { completedAt: null }, 'still-working'],
    ['a delivery under way', { pendingDeliveries: 1 }, 'undelivered'],
    ['a dead letter', { deadDeliveries: 1 }, 'dead-letter'],
    ['envelopes that the hub has not', { unacknowledged: 1 }, 'unacknowledged'],
  ] as const)('%s keeps it', (_name, change, because) => {
    expect(judge(change, 10_000)).toMatchObject({ kind: 'kept', because })
  })

  it('a hold always wins, and nothing goes before its days are over', () => {
    fc.assert(
      fc.property(
        fc.record({
          isOpen: fc.boolean(),
          completedAt: fc.option(fc.nat(40 * DAY)),
          pendingDeliveries: fc.nat(1),
          deadDeliveries: fc.nat(1),
          deliveredAt: fc.option(fc.nat(40 * DAY)),
          unacknowledged: fc.nat(1),
          holds: fc.nat(1),
        }),
        fc.nat(100),
        (change, days) => {
          const verdict = judge(change, days)
          if (change.holds > 0) expect(verdict).toMatchObject({ because: 'legal-hold' })
          if (verdict.kind === 'kept') return
          expect(change.isOpen || change.completedAt === null).toBe(false)
          expect(change.pendingDeliveries + change.deadDeliveries + change.unacknowledged).toBe(0)
          expect(days * DAY).toBeGreaterThanOrEqual(
            Math.max(change.completedAt ?? 0, change.deliveredAt ?? 0) + 30 * DAY,
          )
        },
      ),
    )
  })
})
