import { expect, test } from 'vitest'
import { silentProgress } from '../../cli/progress.ts'
import { harnessReport } from '../../harness/report.ts'
import { sharedData } from '../../testing/peers.ts'
import { reidentification } from './measure.ts'

const dataSet = sharedData('cxr-nih')
const name = 'measures on real follow-ups that embeddings tell of patients, and that strong noise takes it away'

test.skipIf(dataSet === undefined)(
  `${name}${dataSet === undefined ? ' (no ../shared/data/cxr-nih)' : ''}`,
  async () => {
    const harness = reidentification(dataSet ?? '')
    const report = harnessReport.parse(
      await harness.run({ progress: silentProgress, runs: 1, size: undefined, seed: 1 }),
    )
    const first = (vectors: string): number =>
      Number(report.results.find((row) => row.vectors === vectors)?.['found first, percent'])
    const [synced] = report.results
    expect(Number(synced?.['found first, percent'])).toBeGreaterThan(10 * Number(synced?.['guessed first, percent']))
    expect(first('noise of 2 deviations a component')).toBeLessThan(Number(synced?.['found first, percent']) / 2)
  },
  120_000,
)
