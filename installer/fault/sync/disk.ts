import { spawnSync } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from '../../testing/peers.ts'
import { attachTrace, threadsOf } from '../receive/strace.ts'
import { type Part, type PartOptions, type SyncRow, skippedRow } from './part.ts'
import { runScenario } from './scenario.ts'
import { foldersOf, pause, type Site } from './site.ts'

const ZONES = ['source', 'exchange', 'hub'] as const
type Zone = (typeof ZONES)[number]

const FULL_TITLES: Readonly<Record<Zone, string>> = {
  source: 'ENOSPC under the records (tmpfs)',
  exchange: 'ENOSPC under the exchange (tmpfs)',
  hub: 'ENOSPC under the hub (tmpfs)',
}
/** Events of the three processes that tell of an act that the disk did not let happen. */
const COULD_NOT = /ENOSPC|SQLITE_FULL|disk is full|commit-failed|pass-failed|not-written|not-sealed|database or disk/
const DISK_BYTES = 128 * 1_048_576

/** What a broken disk answers with, and to whom. */
const BROKEN = [
  { process: 'source', title: 'EIO under the records (strace)' },
  { process: 'agent', title: 'EIO under the agent (strace)' },
  { process: 'hub', title: 'EIO under the hub (strace)' },
] as const
/** One call in so many fails; `close` and `openat` of code are left alone. */
const CALLS = ['fsync', 'fdatasync', 'pwrite64', 'rename']
const BREAKS = 3

/** Disks that are full or broken, under each of the three. */
export const disk: Part = {
  name: 'disk',
  summary: 'ENOSPC on a small tmpfs (root) and EIO by strace, under records, exchange, agent and hub',
  rows: ZONES.length + BROKEN.length,
  async run(options) {
    const rows: SyncRow[] = []
    for (const zone of ZONES) rows.push(await full(zone, options))
    for (const one of BROKEN) rows.push(await broken(one.process, one.title, options))
    return rows
  },
}

async function full(zone: Zone, options: PartOptions): Promise<SyncRow> {
  const title = FULL_TITLES[zone]
  const [mount, unmount] = [peer('mount'), peer('umount')]
  if (mount === undefined || unmount === undefined) return skippedRow(title, 'mount is not installed')
  const folder = join(options.folder, `full-${zone}`)
  const disk = foldersOf(folder)[zone]
  await mkdir(disk, { recursive: true })
  const mounted = spawnSync(mount, ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk])
  if (mounted.status !== 0) return skippedRow(title, 'a tmpfs cannot be mounted without root')
  try {
    return await runScenario(
      {
        fault: title,
        site: { folder },
        async inflict(site, failures) {
          await pause(1000)
          const ballast = join(disk, 'ballast')
          await fill(ballast, disk)
          await pause(options.faultMs)
          await site.noteFault()
          if ((await freeBytes(disk)) > DISK_BYTES / 10) failures.push('the disk was not full')
          await rm(ballast)
          return failedActs(site)
        },
      },
      options,
    )
  } finally {
    spawnSync(unmount, [disk])
  }
}

/** What the processes say they could not do: each streak is said once. */
function failedActs(site: Site): number {
  const lines = Object.values(site.processes).flatMap((one) => one.log)
  return (site.status?.failures ?? 0) + lines.filter((line) => COULD_NOT.test(line)).length
}

/** Fills a disk to the last block, several times: what frees itself meanwhile is taken too. */
async function fill(ballast: string, disk: string): Promise<void> {
  for (let part = 0; part < 3; part += 1) {
    const free = await freeBytes(disk)
    await writeFile(ballast, Buffer.alloc(free), { flag: 'a' }).catch(() => undefined)
    await pause(100)
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function broken(name: 'source' | 'agent' | 'hub', title: string, options: PartOptions): Promise<SyncRow> {
  const strace = peer('strace')
  if (strace === undefined) return skippedRow(title, 'strace is not installed')
  return runScenario(
    {
      fault: title,
      async inflict(site) {
        let injected = 0
        for (let round = 0; round < BREAKS; round += 1) {
          for (const call of CALLS) {
            await pause(200)
            injected += await breakCalls(strace, site, name, call, options)
          }
        }
        await site.noteFault()
        return injected
      },
    },
    options,
  )
}

/** Lets some calls of a process fail with EIO for a while. @returns how many failed. */
async function breakCalls(
  strace: string,
  site: Site,
  name: 'source' | 'agent' | 'hub',
  call: string,
  options: PartOptions,
): Promise<number> {
  await site.until(() => site.processes[name].isRunning, 10_000)
  const { pid } = site.processes[name]
  if (pid === undefined || (await threadsOf(pid).catch(() => new Map())).size === 0) return 0
  const trace = await attachTrace({
    program: strace,
    target: { process: pid },
    logFile: join(site.folders.root, 'eio.strace'),
    inject: `${call}:error=EIO:when=1+4`,
  })
  await pause(options.faultMs / (BREAKS * CALLS.length))
  const log = await trace.finish()
  return log.split('\n').filter((line) => line.includes('(INJECTED)')).length
}
