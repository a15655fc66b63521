import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstallerError } from '../../errors.ts'
import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { runStorescu } from '../../testing/dicom-peers.ts'
import { CT_SIDE, writeCtSlices } from '../ct-slices.ts'
import { type Contender, type Contenders, startContenders } from './contenders.ts'
import { measureLatency, percentile } from './latency.ts'
import { findPrograms, type Programs } from './programs.ts'

/** One way of sending. Each is measured for each of its contenders, in an order that turns from round to round. */
interface Case {
  readonly name: string
  readonly objects: number
  /** Rows and columns of 16 bit. */
  readonly side: number
  readonly associations: number
  readonly tls: boolean
  readonly encrypted: boolean
  readonly sender: 'storescu' | 'timed'
  /** Only the product is asked: its peers do not encrypt. */
  readonly productOnly: boolean
}

const CT: Case = {
  name: 'CT',
  objects: 400,
  side: CT_SIDE,
  associations: 1,
  tls: false,
  encrypted: true,
  sender: 'storescu',
  productOnly: false,
}
const FOUR: Case = { ...CT, name: 'CT, 4 at once', associations: 4 }
const PLAIN: Case = { ...CT, name: 'CT, not encrypted', encrypted: false, productOnly: true }
const TIMED: Case = { ...CT, name: 'CT, timed', sender: 'timed' }
/** As many at once as in any case, so that all of the landing log that a case needs was in use before. */
const WARM_UP: Case = { ...FOUR, name: 'warm-up' }
const QUICK_CASES = [CT, PLAIN, FOUR, TIMED]
const ALL_CASES: readonly Case[] = [
  ...QUICK_CASES,
  { ...CT, name: 'CT over TLS', tls: true },
  { ...CT, name: 'CT over TLS, 4 at once', tls: true, associations: 4 },
  { ...TIMED, name: 'CT, 24 at once, timed', associations: 24 },
  { ...CT, name: '10 MB', objects: 20, side: 2236 },
  { ...CT, name: '200 MB', objects: 2, side: 10_000 },
]
const DEFAULT_RUNS = 3

interface Measured {
  readonly seconds: number[]
  readonly latencies: number[]
}

/**
 * The same objects, sent to the product as it is installed, to DCMTK's storescp and to Orthanc, in turn within one run.
 * Each case and round has objects of its own (another seed). One round before the counted ones warms everything up.
 */
export const receiveBench: Harness = {
  name: 'receive',
  summary: 'C-STORE of CT slices and larger objects against DCMTK storescp and Orthanc',
  run: benchReceive,
}

async function benchReceive(options: HarnessOptions): Promise<HarnessReport> {
  const programs = findPrograms()
  const quick = options.quick === true
  const rounds = options.runs ?? (quick ? 1 : DEFAULT_RUNS)
  const cases = (quick ? QUICK_CASES : ALL_CASES).map((one) => scaled(one, options.size ?? (quick ? 200 : undefined)))
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-bench-'))
  const measured = new Map<string, Measured>()
  try {
    options.progress.step('starting storescp, Orthanc and an empty Leadglass')
    const contenders = await startContenders(programs, folder)
    try {
      for (let round = -1; round < rounds; round++) {
        options.progress.step(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`)
        for (const [index, one] of (round < 0 ? [WARM_UP] : cases).entries()) {
          const seed = options.seed * 10_000 + (round + 1) * 100 + index
          await measureCase({ programs, contenders, folder, one, round, seed, measured })
        }
      }
    } finally {
      await contenders.stop()
    }
    return report(cases, measured, rounds)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function scaled(one: Case, objects: number | undefined): Case {
  return objects === undefined || one.side !== CT_SIDE ? one : { ...one, objects }
}

interface Work {
  readonly programs: Programs
  readonly contenders: Contenders
  readonly folder: string
  readonly one: Case
  /** Below zero nothing is kept of it. */
  readonly round: number
  readonly seed: number
  readonly measured: Map<string, Measured>
}

async function measureCase({ programs, contenders, folder, one, round, seed, measured }: Work): Promise<void> {
  const { product, storescp, orthanc } = contenders
  const slices = join(folder, 'slices')
  // A sender by storescu takes a folder; each is a study of its own.
  const folders = Array.from({ length: one.sender === 'timed' ? 1 : one.associations }, (_, at) =>
    join(slices, `${at}`),
  )
  const each = Math.ceil(one.objects / folders.length)
  for (const [at, path] of folders.entries()) await writeCtSlices(path, each, seed * 10 + at, one.side)
  const all = one.productOnly ? [product] : [product, storescp, orthanc]
  const order = all.map((_, at) => all[(at + round + all.length) % all.length]).filter((turn) => turn !== undefined)
  if (!one.encrypted) await contenders.encrypt(false)
  for (const contender of order) {
    const figures = await send(programs, contenders, contender, one, folders)
    await contender.idle()
    if (round < 0) continue
    const key = keyOf(one, contender.name)
    const known = measured.get(key) ?? { seconds: [], latencies: [] }
    known.seconds.push(figures.seconds)
    known.latencies.push(...figures.latencies)
    measured.set(key, known)
  }
  if (!one.encrypted) await contenders.encrypt(true)
  await rm(slices, { recursive: true })
}

async function send(
  programs: Programs,
  contenders: Contenders,
  contender: Contender,
  one: Case,
  folders: readonly string[],
): Promise<{ readonly seconds: number; readonly latencies: readonly number[] }> {
  const target = one.tls ? contender.tls : contender.plain
  const [first] = folders
  if (one.sender === 'timed' && first !== undefined) return measureLatency(target, first, one.associations)
  const started = performance.now()
  const more = one.tls ? contenders.tlsArguments : []
  const ends = await Promise.all(folders.map((path) => runStorescu(programs.storescu, target, path, more)))
  const seconds = (performance.now() - started) / 1000
  if (ends.every((status) => status === 0)) return { seconds, latencies: [] }
  throw new InstallerError('process-failed', {
    message: `storescu ended with status ${ends.join(', ')} against ${contender.name} (${one.name})`,
    effect: 'the bench has no figure for it',
    nextStep: 'run storescu by hand against the same peer to see why',
  })
}

function report(cases: readonly Case[], measured: ReadonlyMap<string, Measured>, rounds: number): HarnessReport {
  const rate = (one: Case, contender: string): number => {
    const objects = cases.find(({ name }) => name === one.name)?.objects ?? Number.NaN
    return objects / median(measured.get(keyOf(one, contender))?.seconds ?? [])
  }
  const results = cases.flatMap((one) =>
    (one.productOnly ? ['leadglass'] : ['leadglass', 'storescp', 'orthanc']).map((name) => {
      const latencies = (measured.get(keyOf(one, name))?.latencies ?? []).toSorted((a, b) => a - b)
      const at = (percent: number) => (latencies.length === 0 ? null : percentile(latencies, percent))
      return {
        case: one.name,
        contender: name,
        durable: { leadglass: 'fdatasync + journal', storescp: 'no', orthanc: 'fsync + SQLite' }[name] ?? '',
        'encrypted at rest': name === 'leadglass' && one.encrypted ? 'yes' : 'no',
        associations: one.associations,
        objects: one.objects,
        'objects/s': rate(one, name),
        'MB/s': (rate(one, name) * one.side * one.side * 2) / 1e6,
        'p50 ms': at(50),
        'p95 ms': at(95),
        'p99 ms': at(99),
      }
    }),
  )
  return {
    name: 'receive',
    machine: describeMachine(),
    runs: rounds,
    results,
    ratios: [
      judge('one association: leadglass / storescp', rate(CT, 'leadglass') / rate(CT, 'storescp'), '>= 1'),
      judge('one association: leadglass / orthanc', rate(CT, 'leadglass') / rate(CT, 'orthanc'), '>= 4'),
      judge('encrypted / not encrypted', rate(CT, 'leadglass') / rate(PLAIN, 'leadglass'), '>= 0.8'),
      judge('four associations / one', rate(FOUR, 'leadglass') / rate(CT, 'leadglass'), '>= 1'),
    ],
  }
}

function keyOf(one: Case, contender: string): string {
  return `${one.name} ${contender}`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
