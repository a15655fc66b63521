import { readdir, readFile } from 'node:fs/promises'
import type { ThrowawayInstance } from '../../start/throwaway.ts'

/** Kernel ticks of user and system time (proc(5)); Linux has 100 a second on every machine that Node runs on. */
const TICKS_PER_SECOND = 100

/** Seconds of processor time that each part of an instance has used so far, `sender` being this process. */
export type ProcessorTime = Readonly<Record<'appliance' | 'workers' | 'agent' | 'hub' | 'sender', number>>

/** Reads the processor time of an instance's processes; `workers` are all children of the appliance. */
export async function processorTime(instance: ThrowawayInstance): Promise<ProcessorTime> {
  const [appliance, agent, hub] = await Promise.all([
    instance.pidOf('appliance'),
    instance.pidOf('agent'),
    instance.pidOf('hub'),
  ])
  const { user, system } = process.cpuUsage()
  return {
    appliance: await secondsOf(appliance),
    workers: appliance === undefined ? 0 : await childSeconds(appliance),
    agent: await secondsOf(agent),
    hub: await secondsOf(hub),
    sender: (user + system) / 1e6,
  }
}

/** What was used between two readings. */
export function processorTimeBetween(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
  const names = Object.keys(before) as (keyof ProcessorTime)[]
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as ProcessorTime
}

async function secondsOf(pid: number | undefined): Promise<number> {
  return pid === undefined ? 0 : ((await statOf(pid))?.seconds ?? 0)
}

/** Seconds of processor time of the living children of a process. */
export async function childSeconds(parent: number): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const all = await Promise.all(pids.map(statOf))
  return all.reduce((sum, one) => sum + (one?.parent === parent ? one.seconds : 0), 0)
}

/** Fields 4, 14 and 15 of proc(5) stat, counted after the name, which may hold anything. */
async function statOf(pid: number): Promise<{ readonly parent: number; readonly seconds: number } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND }
}
