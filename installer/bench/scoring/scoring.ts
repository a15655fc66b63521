import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { startBenchInstance } from './bench-instance.ts'
import type { BenchImage } from './objects.ts'
import {
  announce,
  latencyColumns,
  measurePipe,
  measureReturn,
  type PipeCase,
  type PipeFigures,
  whenQuiet,
} from './pipe.ts'
import { measurePool, type PoolRow } from './pool.ts'

/** 512 x 512 x 16 bit are half a megabyte. */
const CT: BenchImage = { kind: 'ct', side: 512, textDeclared: false }
const DX = (side: number): BenchImage => ({ kind: 'dx', side, textDeclared: false })
const CT_NAME = 'CT slices, 0.5 MB'

const PIPE_CASES: readonly PipeCase[] = [
  { name: CT_NAME, image: CT, studies: 20, instances: 100 },
  { name: 'radiographs 256 x 256', image: DX(256), studies: 200, instances: 1 },
  { name: 'radiographs 512 x 512', image: DX(512), studies: 200, instances: 1 },
  { name: 'radiographs 1024 x 1024', image: DX(1024), studies: 120, instances: 1 },
  { name: 'radiographs 2048 x 2048', image: DX(2048), studies: 60, instances: 1 },
  {
    name: 'radiographs 1024 x 1024, text read',
    image: { ...DX(1024), textDeclared: true },
    studies: 12,
    instances: 1,
  },
  {
    name: 'radiographs 2048 x 2048, text read',
    image: { ...DX(2048), textDeclared: true },
    studies: 6,
    instances: 1,
  },
]
/** Largest load that still is a check of counts only. */
const CHECK_SIZE = 50
const RETURN_STUDIES = 60
const RETURN_EVERY_MS = 500
const WARM_UP: PipeCase = { name: 'warm-up', image: CT, studies: 4, instances: 20 }
const IMAGES_AN_HOUR = 100_000

/**
 * The scoring pool against a bare loop of the model runtime, and the whole pipe of a real instance: C-STORE, encrypted
 * spool and records, de-identification and its verifier, workers, relay, agent, broker, commit at the hub.
 */
export const scoringBench: Harness = {
  name: 'scoring',
  summary: 'the scoring pool against a bare runtime loop, and C-STORE to feature committed at the hub',
  run: benchScoring,
}

async function benchScoring(options: HarnessOptions): Promise<HarnessReport> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'leadglass-bench-')))
  const isCheck = options.size !== undefined && options.size <= CHECK_SIZE
  try {
    options.progress.step('the pool against a bare loop')
    const pool = await measurePool(join(folder, 'pool'), { images: options.size ?? 400, withVolumes: !isCheck })
    return await measureWholePipe(folder, options, isCheck, pool)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureWholePipe(
  folder: string,
  options: HarnessOptions,
  isCheck: boolean,
  pool: readonly PoolRow[],
): Promise<HarnessReport> {
  options.progress.step('starting an instance')
  const bench = await startBenchInstance(folder)
  try {
    const rows: { readonly one: PipeCase; readonly figures: PipeFigures }[] = []
    const cases = casesOf(options, isCheck)
    const seed = options.seed * 1000
    if (!isCheck) await measurePipe(bench, WARM_UP, seed)
    for (const [index, one] of cases.entries()) {
      announce(options.progress, one)
      await whenQuiet(bench)
      rows.push({ one, figures: await measurePipe(bench, one, seed + 1 + index) })
    }
    await whenQuiet(bench)
    options.progress.step('last instance to result')
    const studies = isCheck ? 2 : RETURN_STUDIES
    const back = await measureReturn(bench, DX(512), studies, RETURN_EVERY_MS, seed + 999)
    return report(pool, rows, back.latencies, studies)
  } finally {
    await bench.stop()
  }
}

/** A small size sends that many of the two kinds and checks the counts; `--quick` leaves the larger radiographs out. */
function casesOf({ quick, size }: HarnessOptions, isCheck: boolean): readonly PipeCase[] {
  if (isCheck) {
    const radiographs = { name: 'radiographs 256 x 256', image: DX(256), studies: size ?? 1, instances: 1 }
    return [{ name: CT_NAME, image: CT, studies: 1, instances: size ?? 1 }, radiographs]
  }
  return quick === true ? PIPE_CASES.slice(0, 3) : PIPE_CASES
}

function report(
  pool: readonly PoolRow[],
  pipe: readonly { readonly one: PipeCase; readonly figures: PipeFigures }[],
  latencies: readonly number[],
  studies: number,
): HarnessReport {
  const perHour = (figures: PipeFigures): number => (figures.committed / figures.seconds) * 3600
  const ct = pipe.find(({ one }) => one.name === CT_NAME)?.figures
  const sum = (pick: (figures: PipeFigures) => number): number =>
    pipe.reduce((total, { figures }) => total + pick(figures), 0)
  return {
    name: 'scoring',
    machine: describeMachine(),
    runs: 1,
    results: [
      ...pool.map((row) => ({ case: row.name, contender: row.contender, images: row.images, ...row.figures })),
      ...pipe.map(({ one, figures }) => ({
        case: one.name,
        contender: 'whole pipe',
        images: figures.sent,
        committed: figures.committed,
        'images/s': figures.committed / figures.seconds,
        'images/hour': Math.round(perHour(figures)),
        ...processorColumns(figures),
      })),
      {
        case: 'last instance to SR at its destination',
        contender: 'whole pipe',
        images: studies,
        committed: latencies.length,
        ...latencyColumns(latencies),
      },
    ],
    ratios: [
      ...pool.flatMap((row) => row.ratios),
      judge('CT slices: images an hour', ct === undefined ? Number.NaN : perHour(ct), `>= ${IMAGES_AN_HOUR}`),
      judge(
        'sent and not committed as a feature',
        sum(({ sent, committed }) => sent - committed),
        '== 0',
      ),
      judge(
        'committed more than once',
        sum(({ committed, different }) => committed - different),
        '== 0',
      ),
      judge('results that did not arrive', studies - latencies.length, '== 0'),
    ],
  }
}

/** Milliseconds of processor time for one image. */
function processorColumns({ time, committed }: PipeFigures): Record<string, number> {
  const parts = Object.entries(time)
  const total = parts.reduce((sum, [, seconds]) => sum + seconds, 0)
  const columns = [...parts, ['all', total] as const].map(([name, seconds]) => [
    `${name} ms`,
    (seconds * 1000) / Math.max(1, committed),
  ])
  return Object.fromEntries(columns) as Record<string, number>
}
