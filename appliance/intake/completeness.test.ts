import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Evidence, expectedInstances, type Gathering, judgeCompleteness } from './completeness.ts'

const TIMERS = { quietMs: 2000, idleMs: 30_000, capMs: 900_000, evidenceMs: 300_000 }

function gathering(change: Partial<Gathering>): Gathering {
  return { openedAt: 0, lastInstanceAt: 0, openAssociations: 0, found: false, ...change }
}

function evidence(change: Partial<Evidence>): Evidence {
  return { held: 5, procedureStep: undefined, availability: undefined, count: undefined, ...change }
}

const DONE = { instances: 5, missing: 0 }
const told = (instances: number) => ({ kind: 'told', instances }) as const

const anyNamed = fc
  .nat(9)
  .chain((instances) => fc.record({ instances: fc.constant(instances), missing: fc.nat(instances) }))
const anyEvidence: fc.Arbitrary<Evidence> = fc.record({
  held: fc.integer({ min: 1, max: 12 }),
  procedureStep: fc.option(
    fc.tuple(anyNamed, fc.nat(2)).map(([named, inProgress]) => ({ ...named, inProgress })),
    { nil: undefined },
  ),
  availability: fc.option(anyNamed, { nil: undefined }),
  count: fc.option(
    fc.oneof(
      fc.nat(12).map((instances) => ({ kind: 'told' as const, instances })),
      fc.constant({ kind: 'asking' as const }),
    ),
    { nil: undefined },
  ),
})
const anyGathering = fc.record({
  openedAt: fc.constant(0),
  lastInstanceAt: fc.nat(1_000_000),
  openAssociations: fc.nat(3),
  found: fc.boolean(),
})

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

  it.each([
    ['a finished step names what is here', { procedureStep: { ...DONE, inProgress: 0 } }, 1, 0, 'procedure-step'],
    ['a step is under way', { procedureStep: { ...DONE, inProgress: 1 } }, 0, 299_999, undefined],
    ['a step names more', { procedureStep: { instances: 6, missing: 1, inProgress: 0 } }, 0, 299_999, undefined],
    [
      'a step names more, for ever',
      { procedureStep: { instances: 6, missing: 1, inProgress: 0 } },
      0,
      300_000,
      'quiet-timer',
    ],
    ['a step names less', { procedureStep: { instances: 4, missing: 0, inProgress: 0 } }, 0, 1999, undefined],
    [
      'a step that names nothing',
      { procedureStep: { instances: 0, missing: 0, inProgress: 0 } },
      0,
      2000,
      'association-end-and-quiet',
    ],
    ['an announcement names what is here', { availability: DONE }, 1, 0, 'instance-availability'],
    ['an announcement names more', { availability: { instances: 7, missing: 2 } }, 0, 2000, undefined],
    ['the source has as many', { count: told(5) }, 0, 0, 'instance-count'],
    ['the source has as many and is sending', { count: told(5) }, 1, 0, undefined],
    ['the source has more', { count: told(6) }, 0, 2000, undefined],
    ['the source has fewer', { count: told(4) }, 0, 2000, 'association-end-and-quiet'],
    ['the source is being asked', { count: { kind: 'asking' } }, 0, 2000, undefined],
    [
      'a step is satisfied, the source is being asked',
      { procedureStep: { ...DONE, inProgress: 0 }, count: { kind: 'asking' } },
      0,
      0,
      'procedure-step',
    ],
    [
      'a step is satisfied, the count is not',
      { procedureStep: { ...DONE, inProgress: 0 }, count: told(9) },
      0,
      2000,
      undefined,
    ],
  ] as const)('%s', (_name, change, openAssociations, now, expected) => {
    const facts = gathering({ openAssociations, evidence: evidence(change) })
    expect(judgeCompleteness(facts, TIMERS, now)).toBe(expected)
  })

  it('once complete stays complete while nothing comes', () => {
    fc.assert(
      fc.property(
        anyGathering,
        fc.option(anyEvidence, { nil: undefined }),
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        (facts, said, now, later) => {
          const one = { ...facts, evidence: said }
          if (judgeCompleteness(one, TIMERS, now) === undefined) return
          expect(judgeCompleteness(one, TIMERS, now + later)).toBeDefined()
        },
      ),
    )
  })

  it('is never held beyond the cap, whatever was said', () => {
    fc.assert(
      fc.property(anyGathering, anyEvidence, fc.nat(1000), (facts, said, beyond) => {
        expect(judgeCompleteness({ ...facts, evidence: said }, TIMERS, TIMERS.capMs + beyond)).toBeDefined()
      }),
    )
  })

  it('is never complete by evidence while any witness misses something', () => {
    fc.assert(
      fc.property(anyGathering, anyEvidence, fc.nat(899_999), (facts, said, now) => {
        const missing =
          (said.procedureStep?.missing ?? 0) + (said.procedureStep?.inProgress ?? 0) + (said.availability?.missing ?? 0)
        fc.pre(missing > 0 || (said.count?.kind === 'told' && said.count.instances > said.held))
        expect([undefined, 'quiet-timer']).toContain(judgeCompleteness({ ...facts, evidence: said }, TIMERS, now))
      }),
    )
  })

  it('is judged by the timers alone where the witnesses know of less than is here', () => {
    fc.assert(
      fc.property(anyGathering, fc.integer({ min: 1, max: 9 }), fc.nat(1_000_000), (facts, named, now) => {
        const said = evidence({
          held: named + 1,
          procedureStep: { instances: named, missing: 0, inProgress: 0 },
          availability: { instances: named, missing: 0 },
          count: told(named),
        })
        expect(judgeCompleteness({ ...facts, evidence: said }, TIMERS, now)).toBe(judgeCompleteness(facts, TIMERS, now))
      }),
    )
  })

  it('tells people how many instances were named', () => {
    expect(expectedInstances(undefined)).toBeUndefined()
    expect(expectedInstances(evidence({ count: { kind: 'asking' } }))).toBeUndefined()
    expect(expectedInstances(evidence({ availability: { instances: 7, missing: 2 }, count: told(6) }))).toBe(7)
  })
})
