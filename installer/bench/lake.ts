import { join } from 'node:path'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'
import { describeMachine } from '../harness/machine.ts'
import { type HarnessReport, judge } from '../harness/report.ts'
import type { Harness, HarnessOptions } from '../harness/run-harness.ts'
import { runMeasured } from './measured-process.ts'

const CHILD = join(import.meta.dirname, '..', '..', 'cloud-hub', 'lake', 'testing', 'bench-child.ts')
const DEFAULT_ROWS = 1_000_000
const QUICK_ROWS = 50_000
const PLANNED_ROWS = 150_000_000
/** The embedding of the shipped model. */
const LENGTH = 112
const SITES = 8
const DAYS = 30
/** DuckDB's own limit is 1 GiB; the rest is Node, one batch, and what the catalog's answers hold. */
const MEMORY_GOAL_MIB = 2048

const extent = z.object({ files: z.number(), bytes: z.number(), featureBytes: z.number() })
const measured = z.object({
  envelopes: z.number(),
  writeSeconds: z.number(),
  before: extent,
  compactSeconds: z.number(),
  compactedBytes: z.number(),
  after: extent,
  countSeconds: z.number(),
  knownAtSeconds: z.number(),
  labelAtScoreSeconds: z.number(),
  snapshotSeconds: z.number(),
  snapshotRows: z.number(),
  unaccounted: z.number(),
  verifySeconds: z.number(),
  findings: z.number(),
})

/** The lake: writing, putting together, the joins that training uses, and a dataset, with its memory. `--rows` are instances. */
export const lakeBench: Harness = {
  name: 'lake',
  summary: 'write a lake of many rows, put its files together, and take a dataset',
  run: benchLake,
}

async function benchLake({ progress, size, quick }: HarnessOptions): Promise<HarnessReport> {
  const rows = size ?? (quick === true ? QUICK_ROWS : DEFAULT_ROWS)
  progress.step(`a lake of ${rows} instances from ${SITES} sites over ${DAYS} days`)
  const { stdout, peakMebibytes, status } = await runMeasured(process.execPath, [
    CHILD,
    ...[rows, SITES, DAYS, LENGTH].map(String),
  ])
  if (status !== 0) throw failed(status)
  const one = measured.parse(JSON.parse(stdout))
  const perRow = one.after.bytes / rows
  const embedding = `embedding of ${LENGTH}`
  return {
    name: 'lake',
    machine: describeMachine(),
    runs: 1,
    results: [
      { measure: 'write, durably', rows, seconds: one.writeSeconds, 'rows/s': Math.round(rows / one.writeSeconds) },
      { measure: 'before compaction', rows, files: one.before.files, bytes: one.before.bytes },
      {
        measure: 'compaction',
        rows,
        seconds: one.compactSeconds,
        files: one.after.files,
        bytes: one.after.bytes,
        'MB/s': one.compactedBytes / one.compactSeconds / 1e6,
      },
      { measure: 'instances by site', rows, seconds: one.countSeconds },
      { measure: 'label as known at an instant, every instance', rows, seconds: one.knownAtSeconds },
      { measure: 'label as known at each score', rows, seconds: one.labelAtScoreSeconds },
      { measure: 'dataset with account, written', rows: one.snapshotRows, of: rows, seconds: one.snapshotSeconds },
      { measure: 'verify every file', bytes: one.after.bytes, seconds: one.verifySeconds },
      { measure: `bytes a row, all tables, ${embedding}`, rows, 'bytes/row': perRow },
      {
        measure: `150 million rows by share, ${embedding}`,
        rows: PLANNED_ROWS,
        'write hours': (one.writeSeconds * PLANNED_ROWS) / rows / 3600,
        'compaction hours': (one.compactSeconds * PLANNED_ROWS) / rows / 3600,
        'dataset minutes': (one.snapshotSeconds * PLANNED_ROWS) / rows / 60,
        GB: (perRow * PLANNED_ROWS) / 1e9,
      },
      { measure: 'peak memory', MiB: peakMebibytes },
    ],
    ratios: [
      judge('peak memory, MiB', peakMebibytes, `<= ${MEMORY_GOAL_MIB}`),
      judge('envelopes without an outcome', one.unaccounted, '== 0'),
      judge('files that are not what their version says', one.findings, '== 0'),
    ],
  }
}

function failed(status: number): InstallerError {
  return new InstallerError('process-failed', {
    message: `the measured lake ended with status ${status}`,
    effect: 'the bench has no figures',
    nextStep:
      'see that the temporary folder has room: a row takes some 650 bytes, and twice that while files are put together',
  })
}
