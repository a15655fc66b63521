import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrainingTable } from '@leadglass/cloud-hub/trainers'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'

const SCRIPT = join(import.meta.dirname, 'train-peer.py')
const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }

const answer = z.object({
  seconds: z.record(z.string(), z.number().positive()),
  versions: z.record(z.string(), z.string()),
})

/** What the peers made of the same rows, by the name of the trainer. */
export interface PeerRound {
  /** Processor seconds of the fit. */
  readonly seconds: Readonly<Record<string, number>>
  readonly versions: Readonly<Record<string, string>>
  /** Probability of class 1 of each test row. */
  readonly probabilities: Readonly<Record<string, Float64Array>>
}

/**
 * Fits the peers in a Python process, one thread each, with the same options.
 * @throws {InstallerError} `process-failed` when the process does not end well.
 */
export async function fitPeers(
  python: string,
  trainers: Readonly<Record<string, object>>,
  fit: TrainingTable,
  test: TrainingTable,
  seed: number,
): Promise<PeerRound> {
  const folder = await mkdtemp(join(tmpdir(), 'leadglass-bench-train-'))
  try {
    await writeFile(join(folder, 'job.json'), JSON.stringify({ columns: fit.columns, seed, trainers }))
    await writeFile(join(folder, 'fit.f32'), new Uint8Array(fit.values.buffer))
    await writeFile(join(folder, 'fit.u8'), fit.labels)
    await writeFile(join(folder, 'test.f32'), new Uint8Array(test.values.buffer))
    const { seconds, versions } = answer.parse(JSON.parse(await outputOf(python, [SCRIPT, folder])))
    const probabilities: Record<string, Float64Array> = {}
    for (const name of Object.keys(seconds)) {
      const bytes = await readFile(join(folder, `${name}.f64`))
      probabilities[name] = Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i))
    }
    return { seconds, versions, probabilities }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...ONE_THREAD } })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  if (status === 0) return Buffer.concat(parts).toString('utf8')
  throw new InstallerError('process-failed', {
    message: `the Python peers ended with status ${status}`,
    effect: 'the bench has no figures for them',
    nextStep: 'run installer/bench/train-peer.py by hand to see why',
  })
}
