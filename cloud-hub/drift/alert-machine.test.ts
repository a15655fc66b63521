import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Reading, step, UNWATCHED, type WatchAct, type WatchState } from './alert-machine.ts'

const RULES = { clearAt: 0.8, coolDownHours: 4 }
const HOUR = 3_600_000
const windowAt = (index: number): string => new Date(index * HOUR).toISOString()
const measured = (level: number, isSignificant = true): Reading => ({ kind: 'measured', level, isSignificant })

/** Feeds readings hour by hour. */
function run(readings: readonly Reading[], rules = RULES): { acts: WatchAct[]; states: WatchState[] } {
  const acts: WatchAct[] = []
  const states: WatchState[] = []
  let state = UNWATCHED
  for (const [index, reading] of readings.entries()) {
    const next = step(state, windowAt(index), reading, index * HOUR, rules)
    state = next.state
    acts.push(next.act)
    states.push(state)
  }
  return { acts, states }
}

describe('the watch over one feature', () => {
  it('raises at the second of three windows that are over, and not at the first', () => {
    expect(run([measured(2), measured(0.2), measured(2)]).acts).toEqual(['none', 'none', 'raise'])
    expect(run([measured(2), measured(0.2), measured(0.2), measured(2)]).acts).toEqual(['none', 'none', 'none', 'none'])
    expect(run([measured(2, false), measured(2, false), measured(2)]).acts).toEqual(['none', 'none', 'none'])
  })

  it('clears below 0.8 of the limit only, and waits out the cool-down before it comes again', () => {
    const there = [measured(2), measured(2), measured(0.9), measured(0.8), measured(0.79)]
    expect(run(there).acts).toEqual(['none', 'raise', 'none', 'none', 'clear'])
    const again = [measured(2), measured(2), measured(0), measured(2), measured(2), measured(2)]
    expect(run(again).acts).toEqual(['none', 'raise', 'clear', 'none', 'none', 'raise'])
    expect(run(again, { ...RULES, coolDownHours: 3 }).acts).toEqual([
      'none',
      'raise',
      'clear',
      'none',
      'raise',
      'still',
    ])
  })

  it('is not moved by a window that says nothing', () => {
    expect(run([measured(2), { kind: 'too-few' }, measured(2)]).acts).toEqual(['none', 'none', 'raise'])
  })

  const reading = fc.oneof(
    fc.constant<Reading>({ kind: 'too-few' }),
    fc.record({
      kind: fc.constant('measured' as const),
      level: fc.double({ min: 0, max: 3, noNaN: true }),
      isSignificant: fc.boolean(),
    }),
  )
  const course = fc.array(reading, { maxLength: 60 })
  const isOver = (one: Reading | undefined): boolean => one?.kind === 'measured' && one.isSignificant && one.level >= 1

  it('holds its promises on every course', () => {
    fc.assert(
      fc.property(course, fc.integer({ min: 0, max: 12 }), (readings, coolDownHours) => {
        const { acts } = run(readings, { ...RULES, coolDownHours })
        let raised: number | undefined
        let firing = false
        for (const [index, act] of acts.entries()) {
          if (act === 'raise') {
            expect(firing).toBe(false)
            // Two of the last three windows that said something.
            const said = readings.slice(0, index + 1).filter(({ kind }) => kind === 'measured')
            expect(said.slice(-3).filter(isOver).length).toBeGreaterThanOrEqual(2)
            expect(isOver(readings[index])).toBe(true)
            if (raised !== undefined) expect(index - raised).toBeGreaterThanOrEqual(coolDownHours)
            raised = index
            firing = true
          }
          if (act === 'still') expect([firing, isOver(readings[index])]).toEqual([true, true])
          if (act === 'clear') {
            const one = readings[index]
            expect(firing && one?.kind === 'measured' && one.level < RULES.clearAt).toBe(true)
            firing = false
          }
        }
      }),
    )
  })

  it('takes each window once, however often it is shown', () => {
    fc.assert(
      fc.property(course, (readings) => {
        let state = UNWATCHED
        for (const [index, one] of readings.entries()) {
          state = step(state, windowAt(index), one, index * HOUR, RULES).state
          for (const earlier of [index, 0]) {
            const again = step(state, windowAt(earlier), measured(3), (index + 100) * HOUR, RULES)
            expect(again).toEqual({ state, act: 'none' })
          }
        }
      }),
    )
  })

  it('goes on from where it was written down', () => {
    fc.assert(
      fc.property(course, fc.nat(60), (readings, cut) => {
        const whole = run(readings)
        let state = UNWATCHED
        const acts = readings.map((one, index) => {
          // A restart: the state comes back from its text.
          if (index === cut) state = JSON.parse(JSON.stringify(state)) as WatchState
          const next = step(state, windowAt(index), one, index * HOUR, RULES)
          state = next.state
          return next.act
        })
        expect(acts).toEqual(whole.acts)
      }),
    )
  })
})
