import { expect, it } from 'vitest'
import { ScheduleTimes } from './schedule-times.ts'

const at = (text: string): number => Date.parse(text)

it('finds a time between two looks once, whichever way the looks fall', () => {
  const times = new ScheduleTimes()
  const isDue = (after: string, until: string): boolean => times.isDue('30 3 * * *', 'UTC', at(after), at(until))
  expect(isDue('2026-04-01T03:29:00Z', '2026-04-01T03:29:59Z')).toBe(false)
  expect(isDue('2026-04-01T03:29:59Z', '2026-04-01T03:30:00Z')).toBe(true)
  // The minute itself was looked at before: it is not found again.
  expect(isDue('2026-04-01T03:30:00Z', '2026-04-01T03:30:59Z')).toBe(false)
  expect(isDue('2026-04-01T03:31:00Z', '2026-04-02T03:29:59Z')).toBe(false)
})

it('knows the time zone, and finds what a hub missed that was away', () => {
  const times = new ScheduleTimes()
  // Half past three in Berlin is half past one UTC in summer.
  expect(times.isDue('30 3 * * *', 'Europe/Berlin', at('2026-07-01T01:29:59Z'), at('2026-07-01T01:30:00Z'))).toBe(true)
  expect(times.isDue('0 0 * * 0', 'UTC', at('2026-04-01T00:00:00Z'), at('2026-04-06T00:00:00Z'))).toBe(true)
  // Longer ago than a week is not looked for: 150 days would be 216,000 questions.
  expect(times.isDue('0 0 1 4 *', 'UTC', at('2026-01-01T00:00:00Z'), at('2026-05-30T00:00:00Z'))).toBe(false)
})
