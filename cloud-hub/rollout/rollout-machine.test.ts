import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advance,
  assignedDevices,
  beginRollout,
  command,
  type Rollout,
  type RolloutPlan,
  type SiteFacts,
  type SiteProgress,
} from './rollout-machine.ts'

const HOUR = 3_600_000
const RULES = {
  maximumErrorPermille: 20,
  maximumNotScoredPermille: 300,
  maximumRollbacks: 0,
  maximumDriftAlarms: 0,
  reportWithinHours: 24,
  soakHours: 2,
}
const PLAN: RolloutPlan = { rings: [['a'], ['b', 'c'], ['d', 'e', 'f']], rules: RULES }

function site(device: string, progress: SiteProgress, changes: Partial<SiteFacts> = {}): SiteFacts {
  return { device, progress, runs: 0, errors: 0, notScored: 0, driftAlarms: 0, lastReportAt: null, ...changes }
}

describe('a rollout', () => {
  it('enters the next ring only when all of the ring has used the version long enough', () => {
    let rollout = advance(PLAN, beginRollout(0), [site('a', 'on-its-way')], HOUR)
    expect(rollout).toMatchObject({ ring: 0, settledSince: null })
    rollout = advance(PLAN, rollout, [site('a', 'in-use')], 2 * HOUR)
    expect(rollout).toMatchObject({ ring: 0, settledSince: 2 * HOUR })
    rollout = advance(PLAN, rollout, [site('a', 'in-use')], 4 * HOUR)
    expect(assignedDevices(PLAN, rollout)).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['errors', { runs: 100, errors: 3 }],
    ['not scored', { runs: 100, notScored: 31 }],
    ['drift alarm', { driftAlarms: 1 }],
  ])('halts for %s', (words, facts) => {
    const rollout = advance(PLAN, beginRollout(0), [site('a', 'in-use', facts)], HOUR)
    expect(rollout.state).toBe('halted')
    expect(rollout.reason).toContain(words)
  })

  it('halts when a site took the version back, when one stopped it, and when one is silent', () => {
    expect(advance(PLAN, beginRollout(0), [site('a', 'taken-back')], 0).state).toBe('halted')
    expect(advance(PLAN, beginRollout(0), [site('a', 'stopped')], 0).state).toBe('halted')
    expect(advance(PLAN, beginRollout(0), [site('a', 'assigned')], 25 * HOUR).state).toBe('halted')
  })

  it('does not judge shares of a handful of images, nor sites that do not have the version', () => {
    const sites = [site('a', 'in-use', { runs: 3, errors: 2 }), site('z', 'taken-back', { runs: 500, errors: 500 })]
    expect(advance(PLAN, beginRollout(0), sites, HOUR).state).toBe('running')
  })

  const progress = fc.constantFrom<SiteProgress>('assigned', 'on-its-way', 'in-use', 'in-use', 'in-use', 'taken-back')
  const look = fc.record({
    kind: fc.constantFrom('look', 'look', 'look', 'pause', 'resume', 'halt'),
    hours: fc.integer({ min: 0, max: 6 }),
    sites: fc.array(progress, { minLength: 6, maxLength: 6 }),
  })

  it('never skips a ring, never assigns while paused or halted, and never comes back from a halt', () => {
    fc.assert(
      fc.property(fc.array(look, { maxLength: 80 }), (history) => {
        let rollout: Rollout = beginRollout(0)
        let now = 0
        for (const { kind, hours, sites } of history) {
          now += hours * HOUR
          const before = rollout
          const facts = ['a', 'b', 'c', 'd', 'e', 'f'].map((device, at) =>
            site(device, sites[at] ?? 'assigned', { lastReportAt: now }),
          )
          rollout =
            kind === 'look'
              ? advance(PLAN, before, facts, now)
              : (command(before, { kind: kind as 'pause', reason: 'a person' }, now) ?? before)
          const assigned = assignedDevices(PLAN, before)
          expect(rollout.ring - before.ring).toBeOneOf([0, 1])
          if (before.state !== 'running') expect(rollout.ring).toBe(before.ring)
          if (before.state === 'halted' || before.state === 'finished') expect(rollout).toEqual(before)
          if (rollout.ring > before.ring) {
            const using = facts.filter((one) => assigned.includes(one.device)).map((one) => one.progress)
            expect(new Set(using)).toEqual(new Set(['in-use']))
            expect(now - (before.settledSince ?? now)).toBeGreaterThanOrEqual(RULES.soakHours * HOUR)
          }
          // The device whose ring has not come is never assigned.
          expect(assignedDevices(PLAN, rollout)).toEqual(PLAN.rings.slice(0, rollout.ring + 1).flat())
        }
      }),
      { numRuns: 2000 },
    )
  })
})
