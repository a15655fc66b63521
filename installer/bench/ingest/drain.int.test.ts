import { describe, expect, it } from 'vitest'
import { silentProgress } from '../../cli/progress.ts'
import { harnessReport } from '../../harness/report.ts'
import { drainBench } from './drain.ts'

describe('the drain bench at a small size', () => {
  it('brings an hour of a busy site through the real processes, whole and in order', async () => {
    const options = { progress: silentProgress, runs: 1, size: 1, only: '2-Mbit-s', seed: 1 }
    const report = harnessReport.parse(await drainBench.run(options))
    expect(report.results).toMatchObject([{ line: '2 Mbit/s', hours: 1, 'envelopes/hour': 532, lost: 0, doubled: 0 }])
    expect(Number(report.results[0]?.envelopes)).toBeGreaterThanOrEqual(532)
    expect(report.ratios).toHaveLength(3)
    for (const { name, holds } of report.ratios ?? []) expect([name, holds]).toEqual([name, true])
  }, 120_000)
})
