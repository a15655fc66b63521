import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { applianceFolders } from '../../../appliance/folders.ts'
import { peer } from '../../testing/peers.ts'
import { seededRandom } from '../killer.ts'
import { type ApplianceSite, ApplianceUnderTest, prepareSite } from './appliance-under-test.ts'
import { Ledger } from './ledger.ts'
import { ObjectSource } from './objects.ts'
import { type FaultRow, type Part, type PartOptions, skippedRow, verdictOn } from './part.ts'
import { RecordingSender } from './sender.ts'
import { attachTrace } from './strace.ts'
import { sizesBelow, TEARS, tear } from './tear.ts'
import { parseTrace } from './trace-log.ts'
import { unsyncedAt } from './unsynced.ts'

const ROUNDS = { sample: 4, full: 40 }
const MORE_ROUNDS = 8
const ASSOCIATIONS = 3
const OBJECTS = 240
const KILL_AFTER_MS = { shortest: 100, longest: 900 }

const NAMES = {
  plain: 'torn: what was not synced is cut, zeroed or garbled',
  failing: 'torn, after EIO at an fdatasync or fsync',
}

/**
 * A power cut by the letter of fdatasync(2): the appliance is killed in mid-receive, and everything that it had not synced
 * by then, as strace saw it, is taken away or garbled before it starts again. With a sync that fails on top: an instance
 * that is acknowledged after it must have been synced otherwise.
 */
export const tornTail: Part = {
  name: 'torn',
  summary: 'everything beyond the last fdatasync is cut, zeroed or garbled after the kill (strace)',
  async run(options) {
    const strace = peer('strace')
    const kinds = ['plain', 'failing'] as const
    if (strace === undefined) return kinds.map((kind) => skippedRow(NAMES[kind], 'strace is not installed'))
    const rows: FaultRow[] = []
    for (const kind of kinds) rows.push(await runKind(strace, kind, options))
    return rows
  },
}

async function runKind(strace: string, kind: 'plain' | 'failing', options: PartOptions): Promise<FaultRow> {
  const started = performance.now()
  const root = join(options.folder, `torn-${kind}`)
  const random = seededRandom(options.seed)
  const site = await prepareSite(root)
  const ledger = new Ledger()
  const sender = new RecordingSender(ledger)
  const source = new ObjectSource(options.seed, kind === 'plain' ? '7201' : '7202')
  const appliance = new ApplianceUnderTest(site)
  const rounds = options.rounds ?? (options.full ? ROUNDS.full : ROUNDS.sample)
  const failures: string[] = []
  let fired = 0
  let tried = 0
  options.progress.step(`${NAMES[kind]}: ${rounds} rounds`)
  try {
    await appliance.start()
    await sender.send(appliance.port, source.mixed(4))
    // A kill may find everything synced; then nothing was torn, and there are more rounds.
    for (let round = 0; round < rounds || (fired === 0 && round < rounds + MORE_ROUNDS); round += 1) {
      tried = round + 1
      const sizes = await sizesBelow(site.dataFolder)
      const trace = await attachTrace({
        program: strace,
        target: { process: appliance.pid },
        logFile: join(root, '..', `${kind}.strace`),
        // Each thread counts for itself: the n-th sync of whichever thread comes to it.
        ...(kind === 'failing' ? { inject: `fdatasync,fsync:error=EIO:when=${1 + Math.floor(random() * 12)}` } : {}),
      })
      const sending = sender.send(
        appliance.port,
        source.mixed(OBJECTS, [600, 600, 90_000, 600, 600, 1_200_000]),
        ASSOCIATIONS,
      )
      const pause = KILL_AFTER_MS.shortest + random() * (KILL_AFTER_MS.longest - KILL_AFTER_MS.shortest)
      await new Promise((resolve) => setTimeout(resolve, pause))
      await appliance.kill()
      await sending
      const unsynced = unsyncedAt(parseTrace(await trace.finish()), sizes)
      if ((await tear(below(unsynced, site), TEARS[round % TEARS.length] ?? 'cut', random)) > 0) fired += 1
      await dropSharedMemory(site)
      await appliance.startSupervised((message) => failures.push(message))
      options.progress.count(Math.min(tried, rounds), rounds)
    }
    await appliance.stop()
    return {
      fault: NAMES[kind],
      points: tried,
      fired,
      verdict: await verdictOn(ledger, site.dataFolder),
      seconds: (performance.now() - started) / 1000,
      answers: sender.answers,
      failures,
    }
  } finally {
    await appliance.kill()
  }
}

/** Only files of the receive path: the exchange, logs and programs are not what is tested here. */
function below(unsynced: ReturnType<typeof unsyncedAt>, site: ApplianceSite): ReturnType<typeof unsyncedAt> {
  const inside = (path: string): boolean => path.startsWith(`${site.dataFolder}/`) && !path.endsWith('-shm')
  return {
    extents: new Map([...unsynced.extents].filter(([path]) => inside(path))),
    created: new Set([...unsynced.created].filter(inside)),
    renamed: new Map([...unsynced.renamed].filter(([path]) => inside(path))),
  }
}

/** The index of the write-ahead log lives in shared memory and is never synced; a power cut takes it. */
async function dropSharedMemory(site: ApplianceSite): Promise<void> {
  await rm(`${applianceFolders(site.dataFolder).records}-shm`, { force: true })
}
