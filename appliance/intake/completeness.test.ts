import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeCompleteness } from './completeness.ts'

const TIMERS = { quietMs: 2000, idleMs: 30_000, capMs: 900_000 }

function gathering(change: Partial<Parameters<typeof judgeCompleteness>[0]>) {
  return { openedAt: 0, lastInstanceAt: 0, openAssociations: 0, found: false, ...change }
}

describe('when a study is complete', () => {
  it.each([
    ['quiet after the association ended', gathering({}), 2000, 'association-end-and-quiet'],
    ['not before it was quiet for long enough', gathering({}), 1999, undefined],
    ['not while an association is open', gathering({ openAssociations: 1 }), 29_999, undefined],
    ['after long quiet although one is open', gathering({ openAssociations: 1 }), 30_000, 'quiet-timer'],
    ['at the cap, whatever still comes', gathering({ openAssociations: 1, lastInstanceAt: 899_999 }), 900_000, 'cap'],
    ['found after a restart', gathering({ found: true }), 2000, 'restart'],
    ['not when the clock went backwards', gathering({ lastInstanceAt: 5000 }), 1000, undefined],
  ])('%s', (_name, facts, now, expected) => {
    expect(judgeCompleteness(facts, TIMERS, now)).toBe(expected)
  })

  it('once complete stays complete while nothing comes', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        fc.nat(3),
        fc.boolean(),
        (now, later, openAssociations, found) => {
          const facts = gathering({ openAssociations, found })
          if (judgeCompleteness(facts, TIMERS, now) === undefined) return
          expect(judgeCompleteness(facts, TIMERS, now + later)).toBeDefined()
        },
      ),
    )
  })
})
