import { describe, expect, it } from 'vitest'
import { silentProgress } from '../../cli/progress.ts'
import { harnessReport } from '../../harness/report.ts'
import { scoringBench } from './scoring.ts'

const SIZE = 8

describe('the scoring bench at a small size', () => {
  it('finds each instance that was sent once at the hub, and each result at its destination', async () => {
    const report = harnessReport.parse(
      await scoringBench.run({ progress: silentProgress, runs: 1, size: SIZE, seed: 1 }),
    )
    const ofPipe = report.results.filter(({ contender }) => contender === 'whole pipe')
    expect(ofPipe.map(({ images, committed }) => [images, committed])).toEqual([
      [SIZE, SIZE],
      [SIZE, SIZE],
      [2, 2],
    ])
    const holds = new Map(report.ratios?.map((ratio) => [ratio.name, ratio.holds]))
    expect(holds.get('sent and not committed as a feature')).toBe(true)
    expect(holds.get('committed more than once')).toBe(true)
    expect(holds.get('results that did not arrive')).toBe(true)
    // The speeds are for the whole bench to judge, on a machine that does nothing else.
    const pool = report.results.filter(({ contender }) => contender !== 'whole pipe')
    expect(pool.map(({ contender }) => contender)).toEqual([
      ...['leadglass', 'bare loop', 'bare loop, graphs only'],
      ...['leadglass', 'bare loop', 'bare loop, graphs only'],
    ])
    for (const row of pool) expect(row['images/s']).toBeGreaterThan(0)
  }, 180_000)
})
