import { describe, expect, it } from 'vitest'
import { fuzzSync } from './fuzz-sync.ts'

describe('changed batches against the way from bytes to tables', () => {
  it('are each answered or alarmed, change nothing, and keep nobody else from going on', async () => {
    const figures = await fuzzSync(20_261_122, 10)
    expect(figures.payloads).toBeGreaterThan(200)
    expect(figures.alarms).toBeGreaterThan(50)
    expect(figures).toMatchObject({ unanswered: 0, failures: 0, foreign: 0, damaged: 0, missing: 0 })
    expect(figures.slowestMs).toBeLessThan(5000)
    console.info(figures)
  }, 60_000)
})
