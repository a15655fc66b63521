import { describe, expect, it } from 'vitest'
import { postgresPrograms } from '../../../cloud-hub/testing/postgres.ts'
import { silentProgress } from '../../cli/progress.ts'
import { harnessReport } from '../../harness/report.ts'
import { ingestBench } from './ingest.ts'

describe('the ingest bench at a small size', () => {
  it('finds every envelope once, in order, and with the roots of the boxes', async () => {
    const options = { progress: silentProgress, runs: 1, size: 30, boxes: 6, seed: 1 }
    const report = harnessReport.parse(await ingestBench.run(options))
    const databases = (await postgresPrograms()) === undefined ? ['SQLite'] : ['SQLite', 'PostgreSQL']
    expect(report.results.map(({ database, phase, boxes }) => [database, phase, boxes])).toEqual(
      databases.flatMap((database) => [
        [database, 'connect', 9],
        [database, 'all boxes at once', 6],
        [database, 'all boxes, evenly', 6],
        [database, 'all boxes, at half of the first rate', 6],
        [database, 'backlog of one box', 1],
        [database, 'backlogs of many boxes', 2],
      ]),
    )
    // The speeds are for the whole bench to judge, on a machine that does nothing else.
    expect(report.ratios).toHaveLength(5 * databases.length)
    for (const { name, holds } of report.ratios ?? []) expect([name, holds]).toEqual([name, true])
    expect(report.results.map(({ refused }) => refused ?? 0).every((count) => count === 0)).toBe(true)
  }, 120_000)
})
