import { readdirSync, readFileSync } from 'node:fs'

/** A process as Linux shows it. */
export interface ProcessFigures {
  /** Largest resident memory so far, in MiB. */
  readonly peakMiB: number
  readonly residentMiB: number
  readonly descriptors: number
}

/** @returns `undefined` when there is no such process, or the system has no /proc. */
export function figuresOf(pid: number): ProcessFigures | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const mebibytes = (name: string): number =>
      Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024)
    return {
      peakMiB: mebibytes('VmHWM'),
      residentMiB: mebibytes('VmRSS'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    }
  } catch {
    return undefined
  }
}
