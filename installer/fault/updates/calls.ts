import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AFTER, BEFORE, UpdateUnderFault } from '../../../sync-agent/updates/testing/update-under-fault.ts'
import { peer } from '../../testing/peers.ts'
import { type CallPoint, pointsOf, spread } from '../receive/call-points.ts'
import { FILE_CALLS } from '../receive/strace.ts'
import { parseTrace } from '../receive/trace-log.ts'
import { type Part, pointsRow, skippedRow, type UpdateRow } from './part.ts'

const WRITES = new Set(['write', 'pwrite64', 'openat', 'fdatasync', 'fsync', 'rename', 'renameat2', 'mkdir'])

const FAULTS = [
  { name: 'kill -9', injection: 'signal=KILL', sample: 8 },
  { name: 'EIO', injection: 'error=EIO', sample: 6 },
  { name: 'ENOSPC', injection: 'error=ENOSPC', sample: 6 },
] as const

/** A fault at the system calls by which an update changes the device's store and kit. */
export const calls: Part = {
  name: 'calls',
  summary: 'kill -9, EIO and ENOSPC at the file system calls of an update (strace)',
  async run({ progress, folder, full }) {
    const strace = peer('strace')
    if (strace === undefined) return FAULTS.map(({ name }) => skippedRow('calls', name, 'strace is not installed'))
    const home = join(folder, 'update')
    await mkdir(home)
    const update = new UpdateUnderFault(home)
    await update.prepare()
    const log = join(folder, 'trace')
    const trace = (inject?: string): string => {
      const args = ['-f', '-y', '-ttt', '-s', '0', '-o', log, '-e', `trace=${FILE_CALLS.join(',')}`]
      return update.refresh({ under: [strace, ...args, ...(inject === undefined ? [] : ['-e', `inject=${inject}`])] })
    }
    trace()
    const points = await pointsIn(log, home)
    await update.restore()
    const rows: UpdateRow[] = []
    for (const { name, injection, sample } of FAULTS) {
      const chosen = full ? points : spread(points, sample)
      progress.step(`${name} at ${chosen.length} of ${points.length} calls of an update`)
      const between: string[] = []
      const after: string[] = []
      for (const point of chosen) {
        const end = trace(`${point.call}:${injection}:when=${point.number}`)
        const inflicted = end === 'SIGKILL' || (await readFile(log, 'utf8')).includes('(INJECTED)')
        if (inflicted) between.push(await update.installs())
        const next = update.refresh()
        after.push(next === 'verified 1' ? await update.installs() : next)
        await update.restore()
      }
      rows.push(
        pointsRow('calls', `a client that reads after ${name} at a call of an update`, [BEFORE, AFTER], between),
        pointsRow('calls', `the next update after ${name} at a call finishes`, [AFTER], after),
      )
    }
    return rows
  },
}

/** The calls on the device's folders. With `-f` strace counts for each thread, and with one pool thread that is the same. */
async function pointsIn(log: string, home: string): Promise<CallPoint[]> {
  const traced = parseTrace(await readFile(log, 'utf8')).filter((call) => WRITES.has(call.name))
  const names = new Map(traced.map((call) => [call.thread, String(call.thread)]))
  return ['state', 'kit'].flatMap((name) => pointsOf(traced, join(home, name), names))
}
