import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { canonicalJson, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { RUN_FILES, type TrainerLine, type TrainingJob } from '../../job.ts'
import { LOG, logPath, readLog, readState, returnedFiles, writeState } from '../job-folder.ts'
import { type JobStatus, RETURNED_FILES, type ReturnedFile, type TrainingExecutor } from '../port.ts'
import { handleOf, isAlive, type ProcessHandle, signal } from './process-handle.ts'

/** What is started for a job. `log` says which output holds the trainer's lines; the other goes into that file. */
export interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Name of the file in the run's folder for standard error; the hub's own when absent. */
  readonly errorFile?: string
}

/** How long a job that was told to end may take before it is killed, in milliseconds. */
const END_GRACE_MS = 5_000
const LOOK_MS = 25

/**
 * Runs each job as a child process of the hub that reads its standard input to the end: it ends when the hub does. Its
 * lines go straight into a file of the run's folder, so that none is lost with the hub.
 */
export class ProcessExecutor implements TrainingExecutor {
  readonly name: string
  readonly #launch: (jobPath: string, folder: string) => Launch
  readonly #signal: 'SIGTERM' | 'SIGKILL'
  readonly #children = new Map<string, ChildProcess>()

  /** @param end what ends the job with everything that it started: SIGTERM where the program has a family to end. */
  constructor(name: string, end: 'SIGTERM' | 'SIGKILL', launch: (jobPath: string, folder: string) => Launch) {
    this.name = name
    this.#signal = end
    this.#launch = launch
  }

  async submit(job: TrainingJob, folder: string): Promise<void> {
    await this.cancel(folder)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const left of [...RETURNED_FILES, LOG]) await rm(join(folder, left), { force: true })
    const jobPath = join(folder, RUN_FILES.job)
    await writeFileAtomically(jobPath, canonicalJson(job))
    const { program, args, env, errorFile } = this.#launch(jobPath, folder)
    const out = await open(logPath(folder), 'a', 0o600)
    const error = errorFile === undefined ? undefined : await open(join(folder, errorFile), 'w', 0o600)
    try {
      const child = spawn(program, args, { stdio: ['pipe', out.fd, error?.fd ?? 'inherit'], env, cwd: folder })
      await this.#adopt(child, folder)
    } finally {
      await out.close()
      await error?.close()
    }
  }

  async status(folder: string): Promise<JobStatus> {
    const state = await readState(folder)
    if (state === undefined) return 'unknown'
    if (state.ended !== null) return state.ended
    if (this.#children.has(folder)) return 'running'
    if ('pid' in state.handle && (await isAlive(state.handle))) return 'running'
    // The end was not recorded: the hub ended in between. What the job itself said last still stands.
    const last = (await readLog(folder, 0)).at(-1)?.kind
    if (last === 'done') return 'succeeded'
    return last === 'stopped' ? 'failed' : 'lost'
  }

  logs(folder: string, from: number): Promise<readonly TrainerLine[]> {
    return readLog(folder, from)
  }

  async cancel(folder: string): Promise<void> {
    const state = await readState(folder)
    if (state === undefined || state.ended !== null || !('pid' in state.handle)) return
    if ((await this.status(folder)) !== 'running') return
    await writeState(folder, { ...state, ended: 'cancelled' })
    await this.#end(state.handle)
  }

  artifacts(folder: string): Promise<readonly ReturnedFile[]> {
    return returnedFiles(folder)
  }

  async #adopt(child: ChildProcess, folder: string): Promise<void> {
    const { pid } = child
    // The pipe is only there to end with the hub; a child that is gone already is no failure of the hub.
    child.stdin?.on('error', () => undefined)
    // What follows from it comes with 'close', or with the missing pid below.
    child.on('error', () => undefined)
    const schema = 'leadglass.executor-state/1' as const
    if (pid === undefined) {
      const never = { pid: 2 ** 31 - 1, startedTicks: '' }
      return writeState(folder, { schema, executor: this.name, handle: never, ended: 'failed' })
    }
    this.#children.set(folder, child)
    const closed = new Promise<number | null>((resolve) => void child.once('close', resolve))
    const handle = await handleOf(pid)
    await writeState(folder, { schema, executor: this.name, handle, ended: null })
    void closed.then(async (code) => {
      try {
        const state = await readState(folder)
        // A later job of the same folder, and a cancellation, are not overwritten.
        if (state === undefined || state.ended !== null || !isSame(state.handle, handle)) return
        await writeState(folder, { ...state, ended: code === 0 ? 'succeeded' : 'failed' })
      } catch {
        // The run's folder is gone, and with it everybody who could ask.
      } finally {
        if (this.#children.get(folder) === child) this.#children.delete(folder)
      }
    })
  }

  async #end(handle: ProcessHandle): Promise<void> {
    await signal(handle, this.#signal)
    for (let waited = 0; waited < END_GRACE_MS && (await isAlive(handle)); waited += LOOK_MS) await delay(LOOK_MS)
    await signal(handle, 'SIGKILL')
  }
}

function isSame(one: object, handle: ProcessHandle): boolean {
  return 'pid' in one && one.pid === handle.pid && 'startedTicks' in one && one.startedTicks === handle.startedTicks
}
