import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admitted,
  afterFailure,
  type CircuitState,
  CLOSED,
  FAILURES_BEFORE_OPEN,
  LONGEST_OPEN_MS,
} from './circuit-breaker.ts'

const DOWN = { reason: 'connection-refused', permanent: false }

function failing(times: number, now = 0): CircuitState {
  let state = CLOSED
  for (let count = 0; count < times; count += 1) state = afterFailure(state, DOWN, now, 1)
  return state
}

describe('the circuit of a destination', () => {
  it('opens after five failures in a row, and at once when it is refused for good', () => {
    expect(failing(FAILURES_BEFORE_OPEN - 1)).toEqual({ kind: 'closed', failures: FAILURES_BEFORE_OPEN - 1 })
    expect(failing(FAILURES_BEFORE_OPEN)).toMatchObject({ kind: 'open', trips: 1, until: 30_000 })
    const refused = afterFailure(CLOSED, { reason: 'http-401', permanent: true }, 5, 0)
    expect(refused).toEqual({ kind: 'open', since: 5, until: 15_005, reason: 'http-401', trips: 1 })
  })

  it('sends nothing while it is open, and probes when the time has come', () => {
    const open = failing(FAILURES_BEFORE_OPEN)
    expect(admitted(open, 29_999).may).toBe('wait')
    const half = admitted(open, 30_000)
    expect(half).toMatchObject({ may: 'probe', state: { kind: 'half-open' } })
    expect(afterFailure(half.state, DOWN, 30_000, 1)).toMatchObject({ kind: 'open', since: 0, until: 90_000, trips: 2 })
  })

  it('never waits longer than ten minutes, nor less than fifteen seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (trips, chance) => {
        const before: CircuitState = { kind: 'half-open', since: 0, until: 0, reason: 'x', trips }
        const after = afterFailure(before, DOWN, 1000, chance)
        const wait = after.kind === 'closed' ? 0 : after.until - 1000
        expect(wait).toBeGreaterThanOrEqual(15_000)
        expect(wait).toBeLessThanOrEqual(LONGEST_OPEN_MS)
      }),
    )
  })
})
