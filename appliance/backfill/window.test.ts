import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minutesOpen, parseWindow, secondsLeft } from './window.ts'

describe('the window of a backfill', () => {
  it.each([
    ['22:00-06:00', { from: '22:00', to: '06:00' }, 480],
    ['08:30-09:00', { from: '08:30', to: '09:00' }, 30],
    ['00:00-00:00', { from: '00:00', to: '00:00' }, 1440],
  ])('reads %s', (text, window, minutes) => {
    expect(parseWindow(text)).toEqual(window)
    expect(minutesOpen(window)).toBe(minutes)
  })

  it.each(['', '22-06', '24:00-06:00', '22:00 - 06:00', '22:60-06:00', '22:00-06:00-07:00'])('refuses %j', (text) => {
    expect(parseWindow(text)).toBeUndefined()
  })

  it('knows nothing before the first study, and 0 after the last', () => {
    const window = { from: '22:00', to: '06:00' }
    expect(secondsLeft(10, { studies: 0, ms: 0 }, window)).toBeNull()
    expect(secondsLeft(0, { studies: 0, ms: 0 }, window)).toBe(0)
  })

  it('adds the closed hours when the work is longer than one window', () => {
    const window = { from: '22:00', to: '06:00' }
    // 1000 studies of a minute: 60,000 s of work in windows of 28,800 s a day.
    expect(secondsLeft(1000, { studies: 10, ms: 600_000 }, window)).toBe(180_000)
    expect(secondsLeft(10, { studies: 10, ms: 600_000 }, window)).toBe(600)
  })

  it('never promises less than the work itself takes', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    const clock = (at: number): string =>
      `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`
    fc.assert(
      fc.property(
        minute,
        minute,
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 1e5 }),
        (a, b, left, ms) => {
          const estimate = secondsLeft(left, { studies: 1, ms }, { from: clock(a), to: clock(b) })
          expect(estimate).toBeGreaterThanOrEqual((left * ms) / 1000)
        },
      ),
    )
  })
})
