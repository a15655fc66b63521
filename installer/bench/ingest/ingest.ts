import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolDevices, initialiseHub } from '@leadglass/cloud-hub/commands'
import { postgresPrograms, startTestPostgres } from '../../../cloud-hub/testing/postgres.ts'
import { describeMachine } from '../../harness/machine.ts'
import { type HarnessReport, judge } from '../../harness/report.ts'
import type { Harness, HarnessOptions } from '../../harness/run-harness.ts'
import { type Fleet, type GroupName, type MeasuredDatabase, measureDatabase, type Phase } from './measure.ts'
import { BoxesProcess } from './processes.ts'
import { ENVELOPES_A_STUDY, STUDIES_A_DAY } from './site-bodies.ts'

const BOXES = 1000
const PROCESSES = 2
/** Studies of three days away. */
const BACKLOG_STUDIES = 3 * STUDIES_A_DAY
const MANY_BACKLOGS = 20
/** Studies of each box in the two loads of all boxes. */
const LOAD_STUDIES = { burst: 4, paced: 2, half: 4 } as const
const PACED_MS = 20_000
/** Largest size that still is a check of counts only. */
const CHECK_SIZE = 50
const DAY_SECONDS = 86_400

/**
 * Simulated boxes with connections and certificates of their own, against one real hub: all at once, evenly, and with the
 * backlog of three days; the same bytes to a hub on SQLite and to one on PostgreSQL. Afterwards the boxes' roots are held
 * against those that are recomputed from the hub's effects.
 */
export const ingestBench: Harness = {
  name: 'ingest',
  summary: 'a thousand simulated boxes against one hub, on SQLite and on PostgreSQL',
  run: benchIngest,
}

async function benchIngest(options: HarnessOptions): Promise<HarnessReport> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-bench-'))
  const processes = Array.from({ length: PROCESSES }, () => new BoxesProcess())
  const isCheck = options.size !== undefined && options.size <= CHECK_SIZE
  try {
    const fleet = await prepare(folder, processes, options, isCheck)
    options.progress.step('the hub on SQLite')
    const measured: MeasuredDatabase[] = []
    const pacedMs = isCheck ? 1000 : PACED_MS
    const common = { fleet, pacedMs, progress: options.progress }
    const onSqlite = join(folder, 'sqlite')
    await cp(join(folder, 'hub'), onSqlite, { recursive: true })
    measured.push(await measureDatabase({ ...common, folder: onSqlite, database: { kind: 'sqlite' } }))
    const programs = await postgresPrograms()
    if (programs === undefined) options.progress.step('PostgreSQL is not installed: no figures for it')
    else measured.push(await measurePostgres(programs, folder, common))
    return report(measured, fleet, isCheck)
  } finally {
    await Promise.all(processes.map((one) => one.stop()))
    await rm(folder, { recursive: true, force: true })
  }
}

async function measurePostgres(
  programs: string,
  folder: string,
  common: { readonly fleet: Fleet; readonly pacedMs: number; readonly progress: HarnessOptions['progress'] },
): Promise<MeasuredDatabase> {
  common.progress.step('the hub on PostgreSQL')
  const server = await startTestPostgres(programs)
  try {
    const onPostgres = join(folder, 'postgres')
    await cp(join(folder, 'hub'), onPostgres, { recursive: true })
    const database = { kind: 'postgres-inbox', url: server.url } as const
    return await measureDatabase({ ...common, folder: onPostgres, database, serverPid: server.pid })
  } finally {
    await server.stop()
  }
}

/** Makes the boxes, seals everything that they will send, and enrols them at a hub. */
async function prepare(
  folder: string,
  processes: readonly BoxesProcess[],
  options: HarnessOptions,
  isCheck: boolean,
): Promise<Fleet> {
  const boxes = options.boxes ?? (isCheck ? 12 : BOXES)
  const backlogs = isCheck ? 2 : MANY_BACKLOGS
  const studies = options.size ?? BACKLOG_STUDIES
  const names = {
    all: Array.from({ length: boxes }, (_, i) => `box-${String(i).padStart(4, '0')}`),
    one: ['away-one'],
    many: Array.from({ length: backlogs }, (_, i) => `away-${String(i).padStart(4, '0')}`),
  }
  options.progress.step(`sealing: ${boxes} boxes, and ${backlogs + 1} with ${studies} studies each`)
  const everyName = [...names.all, ...names.one, ...names.many]
  const ownerOf = new Map(everyName.map((name, i) => [name, i % processes.length]))
  const mine = (list: readonly string[], owner: number) => list.filter((name) => ownerOf.get(name) === owner)
  const made = await Promise.all(
    processes.map((one, owner) =>
      one.ask({
        do: 'make',
        boxes: mine(everyName, owner).map((device) => ({
          device,
          seed: options.seed * 100_000 + everyName.indexOf(device),
        })),
      }),
    ),
  )
  const groups: [GroupName, readonly string[], number][] = [
    ['burst', names.all, LOAD_STUDIES.burst],
    ['paced', names.all, LOAD_STUDIES.paced],
    ['half', names.all, LOAD_STUDIES.half],
    ['one', names.one, studies],
    ['many', names.many, studies],
  ]
  const sealed: Record<string, Phase['sealed']> = {}
  for (const [group, list, count] of groups) {
    const parts = await Promise.all(
      processes.map((one, owner) => one.ask({ do: 'seal', group, devices: mine(list, owner), studies: count })),
    )
    sealed[group] = {
      boxes: list.length,
      batches: parts.reduce((sum, part) => sum + part.batches, 0),
      envelopes: parts.reduce((sum, part) => sum + part.envelopes, 0),
    }
  }
  options.progress.step('enrolling')
  const hub = join(folder, 'hub')
  await initialiseHub({ folder: hub, names: ['127.0.0.1'], accounts: [] })
  const identities = await enrolDevices({ folder: hub, devices: made.flat() })
  return { processes, ownerOf, identities, sealed }
}

function report(measured: readonly MeasuredDatabase[], fleet: Fleet, isCheck: boolean): HarnessReport {
  const boxes = fleet.sealed.burst?.boxes ?? 0
  const needed = (boxes * STUDIES_A_DAY * ENVELOPES_A_STUDY) / DAY_SECONDS
  return {
    name: 'ingest',
    machine: describeMachine(),
    runs: 1,
    results: measured.flatMap(({ rows }) => rows),
    ratios: measured.flatMap(({ database, connected, account, growthMebibytes, burstRate, halfLatencies }) => [
      judge(`${database}: boxes connected`, connected, `>= ${isCheck ? boxes : BOXES}`),
      judge(`${database}: envelopes lost`, account.lost, '== 0'),
      judge(`${database}: envelopes doubled`, account.doubled, '== 0'),
      judge(`${database}: envelopes out of order`, account.outOfOrder, '== 0'),
      judge(`${database}: boxes whose root differs from the hub's effects`, account.differing, '== 0'),
      ...(isCheck
        ? []
        : [
            judge(`${database}: envelopes/s, of what the boxes make on average`, burstRate / needed, '>= 4'),
            judge(`${database}: p50 at half of what the hub can take, ms`, halfLatencies.p50, '<= 250'),
            judge(`${database}: p95 at half of what the hub can take, ms`, halfLatencies.p95, '<= 1000'),
            judge(`${database}: growth of the hub's memory while backlogs drain, MiB`, growthMebibytes, '<= 64'),
          ]),
    ]),
  }
}
