import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Preloaded into a process under test: kills it, as a power cut would, just before the n-th act that changes a folder
 * (`KILL_AT_STEP`). Every open for writing, rename, removal and new folder is an act.
 */
const killAt = Number(process.env.KILL_AT_STEP ?? '0')
let steps = 0

function step(): void {
  steps += 1
  if (steps === killAt) process.kill(process.pid, 'SIGKILL')
}

const { open, rename, rm, mkdir } = promises
Object.assign(promises, {
  open: (path: string, flags?: string | number, mode?: number) => {
    if (typeof flags === 'string' && flags !== 'r') step()
    return open(path, flags, mode)
  },
  rename: (from: string, to: string) => {
    step()
    return rename(from, to)
  },
  rm: (path: string, options?: object) => {
    step()
    return rm(path, options)
  },
  mkdir: (path: string, options?: object) => {
    step()
    return mkdir(path, options)
  },
})
syncBuiltinESMExports()
