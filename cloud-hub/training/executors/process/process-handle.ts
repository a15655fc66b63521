import { readFile } from 'node:fs/promises'

/** A process that cannot be taken for another one that got the same number later. */
export interface ProcessHandle {
  readonly pid: number
  /** When it started, in clock ticks since the machine did: field 22 of /proc/<pid>/stat, see proc(5). */
  readonly startedTicks: string
}

/** The handle of a process that was just started. `startedTicks` is empty where the system has no /proc. */
export async function handleOf(pid: number): Promise<ProcessHandle> {
  return { pid, startedTicks: (await startedTicks(pid)) ?? '' }
}

/** True while that very process lives; a zombie has ended. Without /proc nothing can be said, and it counts as ended. */
export async function isAlive(handle: ProcessHandle): Promise<boolean> {
  return handle.startedTicks !== '' && (await startedTicks(handle.pid)) === handle.startedTicks
}

/** Sends a signal to that very process, if it still lives. @returns whether it did. */
export async function signal(handle: ProcessHandle, name: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
  if (!(await isAlive(handle))) return false
  try {
    return process.kill(handle.pid, name)
  } catch {
    return false
  }
}

async function startedTicks(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The second field is the program's name in brackets and may hold blanks and brackets itself.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19]
}
