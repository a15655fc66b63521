import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstanceLayout } from './layout.ts'
import { PROCESS_NAMES } from './processes.ts'

const END_WITHIN_MS = 20_000

/**
 * Ends processes of this instance whose supervisor died without ending them (kill -9, power of the terminal). A process id
 * may have been given to another program since: only a process that was started with this instance's configuration is ended.
 */
export async function endLeftovers(layout: InstanceLayout): Promise<void> {
  for (const name of [...PROCESS_NAMES].reverse()) {
    const pid = Number(await readFile(join(layout.root, `${name}.pid`), 'utf8').catch(() => '0'))
    if (!(await isOurs(pid, layout[name].configFile))) continue
    process.kill(pid, 'SIGTERM')
    const deadline = Date.now() + END_WITHIN_MS
    while ((await isOurs(pid, layout[name].configFile)) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Where the system has no /proc, nothing is known and nothing is ended; the port that is in use then says so. */
async function isOurs(pid: number, configFile: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return commandLine.split('\0').includes(configFile)
}
