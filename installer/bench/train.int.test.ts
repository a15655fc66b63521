import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { silentProgress } from '../cli/progress.ts'
import { harnessReport } from '../harness/report.ts'
import { sharedData } from '../testing/peers.ts'
import { pythonWith } from './python-peer.ts'
import { readmissionTable } from './readmission-table.ts'
import { trainBench } from './train.ts'
import { zipEntry } from './zip-entry.ts'

const DATA = 'tabular/uci_diabetes130_dataset.zip'
const archive = sharedData(DATA)
// Continuous integration installs no Python modules: this peer may be absent even where others are required.
const python = pythonWith(['sklearn', 'xgboost'])

describe('a Python peer', () => {
  it('is none when a module is missing', () => {
    expect(pythonWith(['leadglass_has_no_such_module'])).toBeUndefined()
  })
})

describe.skipIf(archive === undefined)(`the readmission table (needs ../shared/data/${DATA})`, () => {
  it('is the published data set: all patients but those who died or went to a hospice', async () => {
    const csv = zipEntry(await readFile(archive ?? ''), 'dataset_diabetes/diabetic_data.csv').toString('latin1')
    const table = readmissionTable(csv)
    // 101,766 encounters less 2,423 of these dispositions; 11,357 readmitted within 30 days less 43 of them.
    expect({ rows: table.rows, positives: table.labels.reduce((sum, label) => sum + label, 0) }).toEqual({
      rows: 99_343,
      positives: 11_314,
    })
    expect(new Set(table.groups).size).toBe(69_990)
    const missing = table.values.filter(Number.isNaN).length / table.values.length
    expect(missing).toBeGreaterThan(0.03)
    expect(missing).toBeLessThan(0.2)
  })
})

describe.skipIf(archive === undefined)(`the train bench (needs ../shared/data/${DATA})`, () => {
  it(`gives every trainer its line${python === undefined ? ', peers skipped: no Python with sklearn and xgboost' : ''}`, async () => {
    const report = await trainBench.run({ progress: silentProgress, runs: 1, size: 3000, seed: 1 })
    expect(harnessReport.parse(report)).toEqual(report)
    expect(report.results.map(({ trainer, rows }) => [trainer, rows])).toEqual(
      ['linear', 'multilayer-perceptron', 'gradient-boosting', 'random-forest'].map((name) => [name, 3000]),
    )
    for (const result of report.results) expect(result.AUC).toBeGreaterThan(0.58)
    const parities = report.checks?.filter(({ name }) => name.includes('parity'))
    expect(parities?.map(({ holds }) => holds)).toEqual([true, true, true, true])
    expect(report.ratios).toHaveLength(python === undefined ? 0 : 4)
  }, 300_000)
})

describe.skipIf(archive === undefined || python === undefined)(
  'beside scikit-learn and xgboost (needs a Python that has them, LEADGLASS_PEER_PYTHON)',
  () => {
    it('the areas are those of the peers', async () => {
      const report = await trainBench.run({ progress: silentProgress, runs: 1, size: 20_000, seed: 2 })
      const apart = report.checks?.filter(({ name }) => name.includes('apart from the peer')) ?? []
      expect(apart).toHaveLength(4)
      for (const { name, value } of apart) expect({ name, within: value <= 0.01 }).toEqual({ name, within: true })
    }, 300_000)
  },
)
