import { ManualClock } from '@leadglass/sync-agent/foundation'
import { describe, expect, it } from 'vitest'
import { EventBrake } from './event-brake.ts'

describe('the brake on events from outside', () => {
  it('records thirty a minute, and tells later how many it held back', () => {
    const clock = new ManualClock(0)
    const brake = new EventBrake(clock)
    const first = Array.from({ length: 100 }, () => brake.codes())
    expect(first.filter((codes) => codes !== undefined)).toHaveLength(30)
    clock.advance(60_000)
    expect(brake.codes()).toEqual(['not-recorded-70'])
    expect(brake.codes()).toEqual([])
  })

  it('opens again when the clock goes backwards', () => {
    const clock = new ManualClock(1_000_000)
    const brake = new EventBrake(clock)
    for (let i = 0; i < 31; i += 1) brake.codes()
    clock.advance(-500_000)
    expect(brake.codes()).toEqual(['not-recorded-1'])
  })
})
