import { accountForIngest } from '@leadglass/cloud-hub/commands'
import type { Progress } from '../../cli/progress.ts'
import { percentile } from '../receive/latency.ts'
import { type BenchHub, type BoxesProcess, evenSamples, processFigures, startHub } from './processes.ts'

const SAMPLE_MS = 500
const SHOWN_SAMPLES = 8
/** V8 writes a processor profile of the hub into this folder, for a look at where the time goes. */
const PROFILE_FOLDER = process.env.LEADGLASS_BENCH_PROFILE

/** What the boxes send in one phase: all at once, evenly, at half of the rate of the first, the backlog of one, of many. */
export type GroupName = 'burst' | 'paced' | 'half' | 'one' | 'many'

/** One phase of sending. */
export interface Phase {
  readonly sealed: { readonly boxes: number; readonly batches: number; readonly envelopes: number }
}

/** Everything that is the same for each database. */
export interface Fleet {
  readonly processes: readonly BoxesProcess[]
  readonly ownerOf: ReadonlyMap<string, number>
  readonly identities: ReadonlyMap<
    string,
    { readonly certificatePem: string; readonly keyPem: string; readonly caPem: string }
  >
  readonly sealed: Readonly<Record<string, Phase['sealed']>>
}

/** A hub to be measured. */
export interface MeasureRequest {
  readonly fleet: Fleet
  /** Of an initialised hub that has all the devices. */
  readonly folder: string
  readonly database: { readonly kind: 'sqlite' } | { readonly kind: 'postgres-inbox'; readonly url: string }
  /** Process of the database server, whose time is counted by itself. */
  readonly serverPid?: number
  readonly pacedMs: number
  readonly progress: Progress
}

/** What came of one hub. */
export interface MeasuredDatabase {
  readonly database: string
  readonly rows: Record<string, string | number | null>[]
  readonly connected: number
  readonly burstRate: number
  /** Milliseconds from publishing to acknowledgement at half of the rate of the burst. */
  readonly halfLatencies: { readonly p50: number; readonly p95: number }
  readonly growthMebibytes: number
  readonly account: {
    readonly lost: number
    readonly doubled: number
    readonly outOfOrder: number
    readonly differing: number
  }
}

/** Starts a hub, lets the boxes send everything, stops it, and counts what stands in its tables. */
export async function measureDatabase(request: MeasureRequest): Promise<MeasuredDatabase> {
  const { fleet, folder, database, progress } = request
  const name = database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'
  const hub = await startHub(folder, database, PROFILE_FOLDER)
  const rows: Record<string, string | number | null>[] = []
  let connected = 0
  let burstRate = 0
  let growthMebibytes = 0
  const spread: Partial<Record<GroupName, number>> = { paced: request.pacedMs }
  let halfLatencies = { p50: 0, p95: 0 }
  try {
    rows.push(
      await measured(request, hub, name, 'connect', async () => {
        connected = await connectAll(fleet, hub)
        return {}
      }),
    )
    for (const group of ['burst', 'paced', 'half', 'one', 'many'] as const) {
      progress.step(`${name}: ${WORDS[group]}`)
      const row = await measured(
        request,
        hub,
        name,
        WORDS[group],
        () => send(request, group, spread[group] ?? 0),
        group,
      )
      rows.push(row)
      if (group === 'burst') {
        burstRate = Number(row['envelopes/s'])
        // The same load once more, in twice the time: what the hub can take, halved.
        spread.half = 2000 * Number(row.seconds)
      }
      if (group === 'half') halfLatencies = { p50: Number(row['p50 ms']), p95: Number(row['p95 ms']) }
      if (group === 'many') growthMebibytes = Number(row['growth MiB'])
    }
    await Promise.all(fleet.processes.map((one) => one.ask({ do: 'disconnect' })))
  } finally {
    await hub.stop()
  }
  progress.step(`${name}: counting`)
  const counted = await account(request)
  return { database: name, rows, connected, burstRate, halfLatencies, growthMebibytes, account: counted }
}

const WORDS: Readonly<Record<GroupName, string>> = {
  burst: 'all boxes at once',
  paced: 'all boxes, evenly',
  half: 'all boxes, at half of the first rate',
  one: 'backlog of one box',
  many: 'backlogs of many boxes',
}

async function connectAll({ processes, ownerOf, identities }: Fleet, { url }: BenchHub): Promise<number> {
  const all = [...identities].map(([device, identity]) => ({ device, ...identity }))
  const caPem = all[0]?.caPem ?? ''
  const answers = await Promise.all(
    processes.map((one, owner) =>
      one.ask({
        do: 'connect',
        url,
        caPem,
        identities: all.filter(({ device }) => ownerOf.get(device) === owner),
      }),
    ),
  )
  return answers.reduce((sum, answer) => sum + answer.connected, 0)
}

async function send({ fleet }: MeasureRequest, group: GroupName, spreadMs: number): Promise<Record<string, number>> {
  const outcomes = await Promise.all(fleet.processes.map((one) => one.ask({ do: 'send', group, spreadMs })))
  const latencies = outcomes.flatMap((one) => one.latencies).toSorted((a, b) => a - b)
  const total = (pick: 'refused' | 'sentAgain'): number => outcomes.reduce((sum, one) => sum + one[pick], 0)
  return {
    'p50 ms': percentile(latencies, 50),
    'p95 ms': percentile(latencies, 95),
    'p99 ms': percentile(latencies, 99),
    'sent again': total('sentAgain'),
    refused: total('refused'),
  }
}

/** Runs one phase with the clock, the processor time and the memory of the hub watched. */
async function measured(
  { fleet, serverPid }: MeasureRequest,
  hub: BenchHub,
  database: string,
  name: string,
  act: () => Promise<Record<string, number | null>>,
  group?: GroupName,
): Promise<Record<string, string | number | null>> {
  const memory: number[] = []
  const sampling = setInterval(
    () => void processFigures(hub.pid).then(({ mebibytes }) => memory.push(mebibytes)),
    SAMPLE_MS,
  )
  const serverTime = async (): Promise<number> =>
    serverPid === undefined ? 0 : (await processFigures(serverPid)).seconds
  const before = { hub: await processFigures(hub.pid), server: await serverTime() }
  const started = performance.now()
  const columns = await act().finally(() => clearInterval(sampling))
  const seconds = (performance.now() - started) / 1000
  const after = { hub: await processFigures(hub.pid), server: await serverTime() }
  memory.push(after.hub.mebibytes)
  const sealed = group === undefined ? undefined : fleet.sealed[group]
  const quarter = (from: number): number =>
    mean(memory.slice((memory.length * from) / 4, (memory.length * (from + 1)) / 4))
  return {
    database,
    phase: name,
    boxes: sealed?.boxes ?? fleet.identities.size,
    batches: sealed?.batches ?? null,
    envelopes: sealed?.envelopes ?? null,
    seconds,
    'messages/s': sealed === undefined ? null : sealed.batches / seconds,
    'envelopes/s': sealed === undefined ? null : sealed.envelopes / seconds,
    'hub CPU s': after.hub.seconds - before.hub.seconds,
    'server CPU s': after.server - before.server,
    'hub MiB': Math.max(...memory),
    'MiB over time': evenSamples(memory, SHOWN_SAMPLES),
    'growth MiB': memory.length < 8 ? 0 : quarter(3) - quarter(1),
    ...columns,
  }
}

/** Holds what the boxes sealed against what is recomputed from the effects in the hub's tables. */
async function account({ fleet, folder, database }: MeasureRequest): Promise<MeasuredDatabase['account']> {
  const counted = await accountForIngest({ folder, database, withRoots: true })
  const own = (await Promise.all(fleet.processes.map((one) => one.ask({ do: 'roots' })))).flat()
  const sealed = own.reduce((sum, { envelopes }) => sum + envelopes, 0)
  const theirs = new Map<string, string>(counted.roots.map(({ device, root }) => [device, root]))
  return {
    lost: Math.max(0, sealed - counted.envelopes) + counted.misplaced,
    doubled: Math.max(0, counted.envelopes - sealed),
    outOfOrder: counted.outOfOrder,
    differing: own.filter(({ device, root }) => theirs.get(device) !== root).length + counted.damaged.length,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
