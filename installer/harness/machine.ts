import { arch, cpus, release, totalmem, type } from 'node:os'
import type { HarnessReport } from './report.ts'

/** The machine that a figure was measured on. No host name: reports are published. */
export function describeMachine(): HarnessReport['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
  }
}
