import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BreachStep, caseOf, judgeStep, overdue, type RecordedStep } from './breach-case.ts'

const TODAY = '2026-03-10'
const FACTORS = { natureAndExtent: 'a', whoUsedIt: 'b', acquiredOrViewed: 'c', mitigated: 'd' }

function recorded(...steps: BreachStep[]): RecordedStep[] {
  return steps.map((step) => ({ at: 0, by: 'operator', step }))
}

const opened = (discoveredOn = '2026-03-01'): BreachStep => ({ kind: 'opened', discoveredOn, summary: 's' })
const assessed = (
  affected: number,
  mostInOneState = affected,
  conclusion: 'breach' | 'low-probability' = 'breach',
): BreachStep => ({
  kind: 'assessed',
  conclusion,
  affected,
  mostInOneState,
  factors: FACTORS,
})

describe('what is due', () => {
  const dutiesFor = (affected: number, inOneState = affected) =>
    Object.fromEntries(
      caseOf(recorded(opened(), assessed(affected, inOneState))).duties.map(({ whom, due }) => [whom, due]),
    )

  it('fewer than 500: individuals in 60 days, the Secretary after the end of the year', () => {
    expect(dutiesFor(499)).toEqual({ individuals: '2026-04-30', secretary: '2027-03-01' })
  })

  it('500 is enough for the Secretary and not for the media', () => {
    expect(dutiesFor(500)).toEqual({ individuals: '2026-04-30', secretary: '2026-04-30' })
    expect(dutiesFor(501)).toEqual({ individuals: '2026-04-30', media: '2026-04-30', secretary: '2026-04-30' })
    expect(dutiesFor(5000, 500)).toEqual({ individuals: '2026-04-30', secretary: '2026-04-30' })
  })

  it('a leap day and the turn of a year are counted', () => {
    const [individuals] = caseOf(recorded(opened('2027-12-31'), assessed(1))).duties
    expect(individuals?.due).toBe('2028-02-29')
  })

  it('nothing while nobody has assessed, and nothing where compromise is improbable', () => {
    expect(caseOf(recorded(opened())).duties).toEqual([])
    expect(caseOf(recorded(opened(), assessed(9000, 9000, 'low-probability'))).duties).toEqual([])
  })

  it('is overdue the day after, and not once done', () => {
    const before = caseOf(recorded(opened(), assessed(1)))
    expect(overdue(before, '2026-04-30')).toEqual([])
    expect(overdue(before, '2026-05-01').map(({ whom }) => whom)).toEqual(['individuals'])
    const after = caseOf(recorded(opened(), assessed(1), { kind: 'notified', whom: 'individuals', on: '2026-03-20' }))
    expect(overdue(after, '2026-05-01')).toEqual([])
  })
})

const anyStep: fc.Arbitrary<BreachStep> = fc.oneof(
  fc.array(fc.nat(50), { maxLength: 3 }).map((entries) => ({ kind: 'evidence' as const, entries })),
  fc
    .tuple(fc.nat(1000), fc.nat(1000), fc.constantFrom('breach' as const, 'low-probability' as const))
    .map(([a, b, c]) => assessed(a, b, c)),
  fc
    .constantFrom('individuals' as const, 'media' as const, 'secretary' as const)
    .map((whom) => ({ kind: 'notified' as const, whom, on: '2026-03-05' })),
  fc.constant({ kind: 'closed' as const, reason: 'done' }),
)

it('a case is never closed with a duty open, and nothing but evidence follows the end', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
      const taken: RecordedStep[] = recorded(opened())
      for (const step of steps) {
        const before = caseOf(taken)
        if (judgeStep(before, step, TODAY) !== undefined) continue
        if (before.closed) expect(step.kind).toBe('evidence')
        taken.push({ at: 0, by: 'x', step })
        const after = caseOf(taken)
        expect(after.evidence.length).toBeGreaterThanOrEqual(before.evidence.length)
        if (after.closed) {
          expect(after.assessment).not.toBeNull()
          expect(after.duties.every(({ doneOn }) => doneOn !== null)).toBe(true)
        }
      }
    }),
  )
})

it('steps that make no sense are named', () => {
  const open = caseOf(recorded(opened()))
  expect(judgeStep(open, { kind: 'closed', reason: 'r' }, TODAY)).toBe('not-assessed')
  expect(judgeStep(open, { kind: 'notified', whom: 'media', on: '2026-03-02' }, TODAY)).toBe('not-assessed')
  const known = caseOf(recorded(opened(), assessed(1)))
  expect(judgeStep(known, { kind: 'notified', whom: 'media', on: '2026-03-02' }, TODAY)).toBe('not-due')
  expect(judgeStep(known, { kind: 'notified', whom: 'individuals', on: '2026-02-28' }, TODAY)).toBe('before-discovery')
  expect(judgeStep(known, { kind: 'closed', reason: 'r' }, TODAY)).toBe('duties-open')
  expect(judgeStep(known, { kind: 'notified', whom: 'individuals', on: '2026-03-12' }, TODAY)).toBe('in-the-future')
  expect(judgeStep(known, { kind: 'notified', whom: 'individuals', on: '2026-03-11' }, TODAY)).toBeUndefined()
  expect(() => caseOf([])).toThrow(RangeError)
})
