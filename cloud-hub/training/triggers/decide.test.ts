import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide, type TriggerFacts, type TriggerOutcome } from './decide.ts'
import { TRIGGER_CAUSES, type TriggerPolicy, triggerPolicy } from './policy.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 3, 1, 12)
const QUIET: TriggerFacts = {
  newLabels: 0,
  oldestAt: null,
  alerts: [],
  scheduleDue: false,
  isRunUnderWay: false,
  firedAt: {},
  firedInDay: 0,
}
const policyOf = (triggers: object): TriggerPolicy =>
  triggerPolicy.parse({ model: 'chest-radiograph', finding: 'pneumonia', ...triggers })
const outcome = (triggers: object, facts: Partial<TriggerFacts>): TriggerOutcome | undefined =>
  decide(policyOf(triggers), { ...QUIET, ...facts }, NOW)[0]?.outcome

describe('a trigger', () => {
  it('fires at so many new labels, and not at one fewer', () => {
    expect(outcome({ labels: { atLeast: 50 } }, { newLabels: 50 })).toBe('fired')
    expect(outcome({ labels: { atLeast: 50 } }, { newLabels: 49 })).toBe('too-few')
  })

  it('fires when the oldest unused label is old enough, if there are enough of them', () => {
    const age = { age: { olderThanDays: 2, atLeast: 5 } }
    expect(outcome(age, { newLabels: 5, oldestAt: NOW - 48 * HOUR })).toBe('fired')
    expect(outcome(age, { newLabels: 5, oldestAt: NOW - 48 * HOUR + 1 })).toBe('none')
    expect(outcome(age, { newLabels: 4, oldestAt: NOW - 480 * HOUR })).toBe('too-few')
  })

  it('fires for an alert of a priority that was declared, if there is something to learn from', () => {
    const drift = { drift: { priorities: ['P1'], atLeast: 1 } }
    expect(outcome(drift, { newLabels: 1, alerts: [{ alert: 'a', priority: 'P1' }] })).toBe('fired')
    expect(outcome(drift, { newLabels: 1, alerts: [{ alert: 'a', priority: 'P2' }] })).toBe('none')
    expect(outcome(drift, { newLabels: 0, alerts: [{ alert: 'a', priority: 'P1' }] })).toBe('too-few')
  })

  it('fires when a time of its schedule has come', () => {
    const schedule = { schedule: { cron: '0 3 * * *' } }
    expect(outcome(schedule, { newLabels: 1, scheduleDue: true })).toBe('fired')
    expect(outcome(schedule, { newLabels: 1 })).toBe('none')
  })

  it('is held back by its own cool-down to the millisecond, by the daily maximum, by a run, by its switch', () => {
    const labels = { maximumPerDay: 2, labels: { atLeast: 1, cooldownHours: 24 } }
    const fired = (ago: number): Partial<TriggerFacts> => ({ newLabels: 1, firedAt: { labels: NOW - ago } })
    expect(outcome(labels, fired(24 * HOUR - 1))).toBe('cooling-down')
    expect(outcome(labels, fired(24 * HOUR))).toBe('fired')
    expect(outcome(labels, { newLabels: 1, firedAt: { age: NOW } })).toBe('fired')
    expect(outcome(labels, { newLabels: 1, firedInDay: 2 })).toBe('daily-maximum')
    expect(outcome(labels, { newLabels: 1, isRunUnderWay: true })).toBe('run-under-way')
    expect(outcome({ ...labels, enabled: false }, { newLabels: 9 })).toBe('disabled')
  })

  it('is not held for ever by a clock that was set back', () => {
    const facts = { newLabels: 1, firedAt: { labels: NOW + 1000 * HOUR } }
    expect(outcome({ labels: { atLeast: 1, cooldownHours: 1 } }, facts)).toBe('fired')
  })

  it('whatever the facts: at most one fires, none within its cool-down or beyond the maximum, and each declared one is decided', () => {
    const anyFacts = fc.record({
      newLabels: fc.nat(200),
      oldestAt: fc.option(fc.integer({ min: NOW - 1000 * HOUR, max: NOW })),
      alerts: fc.array(fc.record({ alert: fc.string(), priority: fc.constantFrom('P1' as const, 'P2' as const) })),
      scheduleDue: fc.boolean(),
      isRunUnderWay: fc.boolean(),
      firedAt: fc.dictionary(
        fc.constantFrom(...TRIGGER_CAUSES),
        fc.integer({ min: NOW - 100 * HOUR, max: NOW + HOUR }),
      ),
      firedInDay: fc.nat(5),
    })
    const policy = policyOf({
      maximumPerDay: 3,
      labels: { atLeast: 50, cooldownHours: 12 },
      age: { olderThanDays: 7, atLeast: 5 },
      drift: { priorities: ['P1', 'P2'] },
      schedule: { cron: '0 3 * * *', cooldownHours: 1 },
    })
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const decisions = decide(policy, facts, NOW)
        expect(decisions.map((one) => one.cause)).toEqual(TRIGGER_CAUSES)
        const fired = decisions.filter((one) => one.outcome === 'fired')
        expect(fired.length).toBeLessThanOrEqual(1)
        for (const { cause } of fired) {
          expect(facts.isRunUnderWay).toBe(false)
          expect(facts.firedInDay).toBeLessThan(3)
          expect(facts.newLabels).toBeGreaterThan(0)
          const cooldown = (policy[cause]?.cooldownHours ?? 0) * HOUR
          const ago = NOW - (facts.firedAt[cause] ?? 0)
          expect(ago < 0 || ago >= cooldown).toBe(true)
        }
      }),
    )
  })
})

describe('a policy', () => {
  it.each([
    ['a cron expression that is none', { schedule: { cron: 'every day' } }],
    ['a time zone that is none', { schedule: { cron: '0 3 * * *', timeZone: 'Mars/Olympus' } }],
    ['a count of nothing', { labels: { atLeast: 0 } }],
    ['a cool-down before now', { labels: { atLeast: 1, cooldownHours: -1 } }],
    ['more runs a day than hours', { maximumPerDay: 25 }],
    ['a trigger that does not exist', { moon: { atLeast: 1 } }],
    ['a finding that is a path', { finding: '../pneumonia' }],
  ])('refuses %s', (_name, triggers) => {
    expect(() => policyOf(triggers)).toThrow()
  })
})
