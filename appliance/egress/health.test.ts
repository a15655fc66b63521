import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { activationsOf } from '../desired-state/model-facts.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { deviceHealthOf } from './health.ts'

const FACTS = { softwareVersion: '1.0.0', freeBytes: 0, totalBytes: 0, startedAt: 0, now: 0 }

describe('which models a box says that it runs', () => {
  let held: ReturnType<typeof temporaryRecords>
  const digestOf = (letter: string): string => letter.repeat(64)
  beforeEach(() => {
    held = temporaryRecords()
    held.records.transaction(() => {
      for (const [name, letter] of [
        ['chest', 'a'],
        ['hand', 'b'],
        ['phantom', 'c'],
      ] as const) {
        const version = {
          name,
          version: '1.0.0',
          digest: digestOf(letter),
          releaseCounter: 1,
          state: 'active' as const,
        }
        held.records.models.put({ ...version, message: null, approvals: '[]', statement: '{}', changedAt: 0 })
      }
    })
  })
  afterEach(() => {
    held.dispose()
  })
  const states = (): Readonly<Record<string, string>> =>
    Object.fromEntries(deviceHealthOf(held.records, FACTS).models.map(({ model, state }) => [model.name, state]))

  it('leaves out none that is in use', () => {
    expect(states()).toEqual({ chest: 'active', hand: 'active', phantom: 'active' })
  })

  it('never names one that was recalled, or stopped here, although it is in use by its row', () => {
    const recall = { name: 'chest', version: '1.0.0', digest: digestOf('a'), reason: 'r', person: 'p', recalledAt: '' }
    held.records.transaction(() => {
      held.records.halts.addRecall({ ...recall, seenAt: 0 })
      held.records.halts.stop({ name: 'hand', reason: 'r', stoppedBy: 'p', stoppedAt: 0 })
    })
    expect(states()).toEqual({ chest: 'refused', hand: 'refused', phantom: 'active' })
    expect(activationsOf(held.records).map(({ model, state }) => [model.name, state])).toEqual(
      expect.arrayContaining([
        ['chest', 'recalled'],
        ['hand', 'stopped-at-site'],
      ]),
    )
    held.records.transaction(() => held.records.halts.start('hand'))
    expect(states()).toMatchObject({ chest: 'refused', hand: 'active' })
  })
})
