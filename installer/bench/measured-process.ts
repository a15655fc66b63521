import { spawn } from 'node:child_process'
import { InstallerError } from '../errors.ts'

/** What a finished process cost. */
export interface ProcessCost {
  readonly seconds: number
  readonly peakMebibytes: number
  readonly stdout: string
  readonly status: number
}

const TIME = '/usr/bin/time'
const MARK = 'leadglass-peak-kib'

/**
 * Runs a program and measures its wall time and peak resident memory with GNU time.
 * @throws InstallerError `process-failed` when it cannot be started.
 */
export async function runMeasured(program: string, args: readonly string[]): Promise<ProcessCost> {
  const started = performance.now()
  const child = spawn(TIME, ['-f', `${MARK} %M`, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [[], []] as [Buffer[], Buffer[]]
  child.stdout.on('data', (part: Buffer) => stdout.push(part))
  child.stderr.on('data', (part: Buffer) => stderr.push(part))
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  const seconds = (performance.now() - started) / 1000
  const peak = new RegExp(`${MARK} (\\d+)`).exec(Buffer.concat(stderr).toString('latin1'))
  if (peak === null) {
    throw new InstallerError('process-failed', {
      message: `${program} could not be measured`,
      effect: 'the bench has no figure for it',
      nextStep: 'install GNU time (the Debian package "time") and run the bench again',
    })
  }
  return { seconds, peakMebibytes: Number(peak[1]) / 1024, stdout: Buffer.concat(stdout).toString('utf8'), status }
}
