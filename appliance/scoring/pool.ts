import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join, resolve, sep } from 'node:path'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import { WorkerProcess, workerArguments } from '../workers/index.ts'
import { ScoringError } from './errors.ts'
import { DEFAULT_EXECUTION, type Execution } from './execution.ts'
import type { ExplainMethod, ExplainOutcome } from './explain-outcome.ts'
import { explainJob, goldenJob, type PoolJob, scoringJob } from './job.ts'
import { clearLabelMaps, collectLabelMaps, dropLabelMaps, LABEL_MAPS_FOLDER, labelMapsPrefix } from './label-maps.ts'
import { type Lane, LaneQueue } from './lane-queue.ts'
import { type WorkerReply, type WorkerRequest, workerReply } from './messages.ts'
import type { GoldenOutcome, ScoringOutcome } from './outcome.ts'
import { type SlotOwner, WorkerSlot } from './worker-slot.ts'

/** Bounds of the pool. */
export interface ScoringLimits {
  /** Jobs that may wait. */
  readonly queueLength: number
  /** Resident memory of one worker at which it is killed, unless its job's model has declared more. */
  readonly memoryMiB: number
  /** What the models of all jobs in hand may declare together. A model that declares more alone never runs. */
  readonly memoryBudgetMiB?: number
  readonly startTimeoutMs: number
  readonly goldenTimeoutMs: number
  readonly maximumFileBytes: number
  readonly maximumDecodedBytes: number
}

export const defaultScoringLimits: ScoringLimits = {
  queueLength: 1000,
  memoryMiB: 1024,
  startTimeoutMs: 30_000,
  goldenTimeoutMs: 60_000,
  maximumFileBytes: 512 * 2 ** 20,
  maximumDecodedBytes: 256 * 2 ** 20,
}

/** What the pool is made of. */
export interface ScoringPoolOptions {
  readonly workers: number
  /** See `workerCodeRoots`. */
  readonly codeRoots: readonly string[]
  /** Absolute; the only place of files to score. */
  readonly workFolder: string
  /** Absolute; the only place of packages. */
  readonly modelsFolder: string
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: ScoringLimits
  /** How workers run graphs; in one thread on the processor unless told. */
  readonly execution?: Execution
  /** The module that a worker runs; the product's own unless a test brings another. */
  readonly workerEntry?: string
  /** Told of each worker that was killed or ended by itself, and of the job that it had. */
  readonly onWorkerKilled?: (reason: 'timed-out' | 'crashed' | 'memory', job: WorkerRequest) => void
  /** How far workers stand back behind everything else on the machine: 0 to 19. */
  readonly niceness?: number
}

/** Files of one study revision for one model. */
export interface ScoringJob {
  readonly jobId: string
  readonly packageFolder: string
  readonly model: ModelReference
  /** Absolute paths of de-identified Part 10 files inside the work folder. */
  readonly files: readonly string[]
  /** One row of a model of tables instead of files; null is NaN. */
  readonly row?: readonly (number | null)[]
  /** Of each file the image of an earlier study, likewise; only for a model that is given one. */
  readonly priors?: readonly (string | null)[]
  /** From the moment a worker has the job. */
  readonly timeoutMs: number
  readonly lane?: Lane
  /** Of a volume model: hand the classes of all voxels back, on the grid of the source. */
  readonly labelMaps?: boolean
  /** What the package declares (`runtime.memoryMiB`); accounted for before the model is loaded. */
  readonly memoryMiB?: number
}

/** One score of one file to explain. */
export interface ExplainJob extends Omit<ScoringJob, 'files' | 'jobId' | 'priors' | 'labelMaps'> {
  /** Absolute path of a de-identified Part 10 file inside the work folder. */
  readonly file: string
  /** Code of the score. */
  readonly output: string
  /** Null: of those that the model looks at, the one whose score is highest. */
  readonly frame: number | null
  readonly method: ExplainMethod
}

/** What the pool is doing. */
export interface PoolFigures {
  readonly ready: number
  readonly busy: number
  readonly queued: number
  readonly deaths: number
}

const MEMORY_CHECK_MS = 200
/** A worker that dies twice on the same job is not given it a third time. */
const MOST_DEATHS = 2
const OWN_ENTRY = resolve(import.meta.dirname, 'worker', 'main.ts')

/**
 * Child processes that score de-identified files, one job each at a time. A job that hangs, crashes or swells takes its
 * worker with it and nothing else.
 */
export class ScoringPool implements Service {
  readonly #options: ScoringPoolOptions
  readonly #queue: LaneQueue<PoolJob>
  #slots: readonly WorkerSlot[] = []
  #deaths = 0
  #running = false
  #onFirstReady: (() => void) | undefined
  #adopted: Execution | undefined
  /** The job whose turn it is, but whose model has no room yet. */
  #waiting: PoolJob | undefined

  constructor(options: ScoringPoolOptions) {
    this.#options = options
    this.#queue = new LaneQueue(options.limits.queueLength)
  }

  /** Starts all workers and waits for the first that is ready. @throws {ScoringError} `worker-start-failed`. */
  async start(): Promise<void> {
    const { workers, limits, logger } = this.#options
    const memoryBytes = limits.memoryMiB * 2 ** 20
    const bounds = { memoryBytes, memoryCheckMs: MEMORY_CHECK_MS, startTimeoutMs: limits.startTimeoutMs }
    await clearLabelMaps(this.#options.workFolder)
    const args = await this.#workerArguments()
    this.#running = true
    this.#slots = Array.from({ length: workers }, () => new WorkerSlot(this.#slotOwner(args), bounds, logger))
    const ready = await new Promise<boolean>((answer) => {
      const timer = setTimeout(() => answer(false), limits.startTimeoutMs)
      this.#onFirstReady = () => {
        clearTimeout(timer)
        answer(true)
      }
      for (const slot of this.#slots) slot.start()
    })
    if (ready) return
    await this.stop()
    throw new ScoringError('worker-start-failed', 'no pixel worker became ready in time')
  }

  /** Ends all workers. Jobs in hand and in the queue fail as `stopped`. */
  async stop(): Promise<void> {
    this.#running = false
    const waiting = this.#waiting === undefined ? [] : [this.#waiting]
    this.#waiting = undefined
    for (const job of [...waiting, ...this.#queue.drain()]) job.fail('stopped', 'the box is stopping')
    await Promise.all(this.#slots.map((slot) => slot.stop()))
    this.#slots = []
  }

  /**
   * Scores files with one model.
   * @throws {ScoringError} `queue-full`, `not-running` or `path-outside`; whatever happens to the job itself is an outcome.
   */
  async score(job: ScoringJob): Promise<ScoringOutcome> {
    const { workFolder, modelsFolder, limits } = this.#options
    requireInside(modelsFolder, job.packageFolder)
    for (const file of job.files) requireInside(workFolder, file)
    for (const prior of job.priors ?? []) if (prior !== null) requireInside(workFolder, prior)
    const { maximumFileBytes, maximumDecodedBytes } = limits
    const prefix = job.labelMaps === true ? labelMapsPrefix(workFolder) : undefined
    const request: Extract<WorkerRequest, { kind: 'score' }> = {
      kind: 'score',
      jobId: job.jobId,
      packageFolder: job.packageFolder,
      model: job.model,
      files: [...job.files],
      ...(job.priors === undefined ? {} : { priors: [...job.priors] }),
      ...(job.row === undefined ? {} : { row: [...job.row] }),
      limits: { maximumFileBytes, maximumDecodedBytes },
      ...(prefix === undefined ? {} : { labelMaps: prefix }),
      execution: this.#execution(),
    }
    const memoryMiB = job.memoryMiB ?? 0
    if (memoryMiB > this.#budgetMiB()) {
      return { kind: 'failed', reason: 'memory', detail: `the model declares ${memoryMiB} MiB, more than this box has` }
    }
    const started = this.#options.clock.now()
    const outcome = await new Promise<ScoringOutcome>((answer, refuse) => {
      this.#accept(scoringJob(request, job.lane ?? 'routine', { timeoutMs: job.timeoutMs, memoryMiB }, answer), refuse)
    })
    this.#options.logger.info('scoring.job-ended', {
      job: job.jobId,
      outcome: outcome.kind === 'completed' ? 'completed' : outcome.reason,
      provider: outcome.kind === 'completed' ? (outcome.provider ?? 'unknown') : 'none',
      files: job.files.length,
      ms: this.#options.clock.now() - started,
    })
    if (prefix === undefined) return outcome
    try {
      return await collectLabelMaps(prefix, outcome)
    } finally {
      await dropLabelMaps(prefix)
    }
  }

  /**
   * Verifies a package and runs its golden cases; the worker keeps the model loaded afterwards.
   * @param memoryMiB what the package declares. @throws {ScoringError} as `score`.
   */
  async runGoldenCases(packageFolder: string, memoryMiB = 0): Promise<GoldenOutcome> {
    requireInside(this.#options.modelsFolder, packageFolder)
    if (memoryMiB > this.#budgetMiB()) {
      return { kind: 'failed', reason: 'memory', detail: `the model declares ${memoryMiB} MiB, more than this box has` }
    }
    const execution = this.#execution()
    const request = { kind: 'golden', jobId: `golden-${randomUUID()}`, packageFolder, execution } as const
    const timeoutMs = this.#options.limits.goldenTimeoutMs
    return new Promise<GoldenOutcome>((answer, refuse) => {
      this.#accept(goldenJob(request, { timeoutMs, memoryMiB }, answer), refuse)
    })
  }

  /** Explains one score, after live work unless a lane is named. @throws {ScoringError} as `score`. */
  async explain(job: ExplainJob): Promise<ExplainOutcome> {
    const { workFolder, modelsFolder, limits } = this.#options
    const { lane = 'off-peak', timeoutMs, memoryMiB = 0, row, ...asked } = job
    requireInside(modelsFolder, job.packageFolder)
    requireInside(workFolder, job.file)
    const { maximumFileBytes, maximumDecodedBytes } = limits
    const request: Extract<WorkerRequest, { kind: 'explain' }> = {
      kind: 'explain',
      jobId: `explain-${randomUUID()}`,
      ...asked,
      ...(row === undefined ? {} : { row: [...row] }),
      limits: { maximumFileBytes, maximumDecodedBytes },
      execution: this.#execution(),
    }
    if (memoryMiB > this.#budgetMiB()) {
      return { kind: 'failed', reason: 'memory', detail: `the model declares ${memoryMiB} MiB, more than this box has` }
    }
    return new Promise<ExplainOutcome>((answer, refuse) => {
      this.#accept(explainJob(request, lane, { timeoutMs, memoryMiB }, answer), refuse)
    })
  }

  #isRunning(): boolean {
    return this.#running
  }

  /**
   * Puts another arrangement to work without a restart: all workers are replaced, which load their models anew. Jobs
   * that come meanwhile wait. @returns false when a job is in hand; nothing changes then.
   */
  async adopt(workers: number, execution: Execution): Promise<boolean> {
    if (!this.#running || this.#slots.some((slot) => slot.busy)) return false
    const { limits, logger } = this.#options
    const before = this.#slots
    this.#slots = []
    this.#adopted = execution
    await Promise.all(before.map((slot) => slot.stop()))
    // The pool may have been stopped meanwhile.
    if (!this.#isRunning()) return false
    const memoryBytes = limits.memoryMiB * 2 ** 20
    const bounds = { memoryBytes, memoryCheckMs: MEMORY_CHECK_MS, startTimeoutMs: limits.startTimeoutMs }
    const args = await this.#workerArguments()
    this.#slots = Array.from({ length: workers }, () => new WorkerSlot(this.#slotOwner(args), bounds, logger))
    for (const slot of this.#slots) slot.start()
    return true
  }

  /** Replaces every worker by a new one, as it is. @returns false when a job is in hand; nothing changes then. */
  restart(): Promise<boolean> {
    return this.adopt(this.#slots.length, this.#execution())
  }

  figures(): PoolFigures {
    return {
      ready: this.#slots.filter((slot) => slot.ready).length,
      busy: this.#slots.filter((slot) => slot.busy).length,
      queued: this.#queue.length + (this.#waiting === undefined ? 0 : 1),
      deaths: this.#deaths,
    }
  }

  #accept(job: PoolJob, refuse: (error: ScoringError) => void): void {
    if (!this.#running) refuse(new ScoringError('not-running', 'the scoring pool is not running'))
    else if (this.#queue.offer(job.lane, job)) this.#dispatch()
    else refuse(new ScoringError('queue-full', 'the scoring queue is full'))
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (!slot.idle) continue
      const job = this.#waiting ?? this.#queue.take()
      this.#waiting = undefined
      if (job === undefined) return
      if (this.#reservedMiB() + job.memoryMiB > this.#budgetMiB()) {
        // It has had its turn: nothing overtakes it, or a stream of small jobs would keep a volume out for ever.
        this.#waiting = job
        return
      }
      slot.run(job)
    }
  }

  #execution(): Execution {
    return this.#adopted ?? this.#options.execution ?? DEFAULT_EXECUTION
  }

  #reservedMiB(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.reservedMiB, 0)
  }

  #budgetMiB(): number {
    return this.#options.limits.memoryBudgetMiB ?? Number.POSITIVE_INFINITY
  }

  /** The permission model compares real paths, so a folder reached through a link is granted by its real name too. */
  async #workerArguments(): Promise<readonly string[]> {
    const { codeRoots, workFolder, modelsFolder, limits } = this.#options
    const given = [...codeRoots, workFolder, modelsFolder]
    const real = await Promise.all(given.map((path) => realpath(path).catch(() => path)))
    const heapMiB = Math.ceil(limits.memoryMiB / 2)
    const readable = [...new Set([...given, ...real])]
    const writable = [...new Set([workFolder, await realpath(workFolder).catch(() => workFolder)])]
    const maps = writable.map((folder) => join(folder, LABEL_MAPS_FOLDER))
    return workerArguments({ readable, writable: maps, heapMiB }, this.#options.workerEntry ?? OWN_ENTRY)
  }

  #slotOwner(args: readonly string[]): SlotOwner {
    return {
      launch: (events) => {
        const worker = WorkerProcess.launch<WorkerRequest, WorkerReply>(
          args,
          this.#options.workFolder,
          workerReply,
          events,
        )
        const { niceness } = this.#options
        // A worker that could not be started has no number; its exit says so.
        if (niceness !== undefined && worker.pid !== undefined) setPriority(worker.pid, niceness)
        return worker
      },
      onIdle: () => {
        this.#onFirstReady?.()
        this.#dispatch()
      },
      onDeath: (job, reason, detail) => this.#onDeath(job, reason, detail),
    }
  }

  /** A time-out is final: the same files would take as long again. A crash or a memory kill gets one more worker. */
  #onDeath(job: PoolJob, reason: 'timed-out' | 'crashed' | 'memory', detail: string): void {
    this.#deaths += 1
    job.deaths += 1
    this.#options.onWorkerKilled?.(reason, job.request)
    if (reason === 'timed-out' || job.deaths >= MOST_DEATHS) job.fail(reason, detail)
    else if (this.#running) this.#queue.putBack(job.lane, job)
    else job.fail('stopped', 'the box is stopping')
    this.#dispatch()
  }
}

function requireInside(folder: string, path: string): void {
  if (!resolve(path).startsWith(resolve(folder) + sep)) {
    throw new ScoringError('path-outside', 'a file or package lies outside the folder that workers may read')
  }
}
