import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { canonicalJson, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { RUN_FILES, type TrainerLine, type TrainingJob, trainerLine } from './job.ts'

/** How a submitted job stands. */
export type JobStatus = 'running' | 'succeeded' | 'failed' | 'cancelled' | 'unknown'

/** Where training runs: this machine here, a cluster behind the same four calls. */
export interface TrainingExecutor {
  /** Starts a job whose results are to lie in `folder`. */
  submit(job: TrainingJob, folder: string): Promise<void>
  status(run: string): Promise<JobStatus>
  /** Lines from number `from` on. */
  logs(run: string, from: number): Promise<readonly TrainerLine[]>
  cancel(run: string): Promise<void>
}

interface Running {
  readonly child: ChildProcess
  readonly lines: TrainerLine[]
  status: JobStatus
}

const TRAINER = fileURLToPath(import.meta.resolve('./trainer.ts'))
/** A trainer that says more than this is not listened to any longer. */
const MAX_LINES = 10_000

/** Runs each job as a child process of the hub. The child ends when the hub does. */
export class LocalExecutor implements TrainingExecutor {
  readonly #jobs = new Map<string, Running>()

  async submit(job: TrainingJob, folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, RUN_FILES.job)
    await writeFileAtomically(path, canonicalJson(job))
    const child = spawn(process.execPath, [TRAINER, '--job', path], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH ?? '' },
    })
    const running: Running = { child, lines: [], status: 'running' }
    this.#jobs.set(job.run, running)
    // The pipe is only there to end with the hub; a child that is gone already is no failure of the hub.
    child.stdin.on('error', () => undefined)
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = parseLine(line)
      if (parsed !== undefined && running.lines.length < MAX_LINES) running.lines.push(parsed)
    })
    child.once('error', () => finish(running, 'failed'))
    child.once('close', (code) => finish(running, code === 0 ? 'succeeded' : 'failed'))
  }

  async status(run: string): Promise<JobStatus> {
    return this.#jobs.get(run)?.status ?? 'unknown'
  }

  async logs(run: string, from: number): Promise<readonly TrainerLine[]> {
    return this.#jobs.get(run)?.lines.slice(from) ?? []
  }

  async cancel(run: string): Promise<void> {
    const running = this.#jobs.get(run)
    if (running?.status !== 'running') return
    running.status = 'cancelled'
    running.child.kill('SIGKILL')
  }
}

function finish(running: Running, status: JobStatus): void {
  if (running.status === 'running') running.status = status
}

function parseLine(line: string): TrainerLine | undefined {
  try {
    const parsed = trainerLine.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
