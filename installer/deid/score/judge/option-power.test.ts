import { expect, test } from 'vitest'
import { measureOptions } from './option-power.ts'

test('each option keeps what it must, lets go what it must, and every loss is noticed', () => {
  const results = measureOptions(11, 4)
  expect(results).toHaveLength(10)
  for (const { option, kept, gone, mutations } of results) {
    expect([option, kept.failed, gone.failed, mutations.failed]).toEqual([option, 0, 0, 0])
    expect(kept.total, option).toBeGreaterThan(0)
    expect(gone.total, option).toBeGreaterThan(50)
    expect(mutations.total, option).toBeGreaterThan(50)
  }
})
