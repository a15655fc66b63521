import type { Logger } from '@leadglass/sync-agent/foundation'
import type { WorkerEvents, WorkerExit, WorkerProcess } from '../workers/index.ts'
import type { PoolJob } from './job.ts'
import type { WorkerReply, WorkerRequest } from './messages.ts'
import { residentBytes } from './resident-memory.ts'

/** What a slot needs of its pool. */
export interface SlotOwner {
  launch(events: WorkerEvents<WorkerReply>): WorkerProcess<WorkerRequest, WorkerReply>
  /** The slot can take a job. */
  onIdle(slot: WorkerSlot): void
  /** A worker has died with this job; the slot starts another worker by itself. */
  onDeath(job: PoolJob, reason: 'timed-out' | 'crashed' | 'memory', detail: string): void
}

/** Bounds of a slot. */
export interface SlotLimits {
  readonly memoryBytes: number
  readonly memoryCheckMs: number
  /** How long a new worker may take until it is ready; then it is killed and started again. */
  readonly startTimeoutMs: number
}

const MIB = 2 ** 20
const FIRST_RESTART_MS = 200
const LAST_RESTART_MS = 10_000

/** A place for one worker process: starts it, gives it one job at a time, watches it, and replaces it when it dies. */
export class WorkerSlot {
  readonly #owner: SlotOwner
  readonly #limits: SlotLimits
  readonly #logger: Logger
  #worker: WorkerProcess<WorkerRequest, WorkerReply> | undefined
  #job: PoolJob | undefined
  #ready = false
  #stopping = false
  #doom: 'timed-out' | 'memory' | 'replaced' | undefined
  #failedStarts = 0
  #jobTimer: NodeJS.Timeout | undefined
  #memoryTimer: NodeJS.Timeout | undefined
  #startTimer: NodeJS.Timeout | undefined
  #restartTimer: NodeJS.Timeout | undefined
  #onGone: (() => void) | undefined

  constructor(owner: SlotOwner, limits: SlotLimits, logger: Logger) {
    this.#owner = owner
    this.#limits = limits
    this.#logger = logger
  }

  get idle(): boolean {
    return this.#ready && this.#job === undefined && this.#doom === undefined && !this.#stopping
  }

  get ready(): boolean {
    return this.#ready
  }

  get busy(): boolean {
    return this.#job !== undefined
  }

  /** What the job in hand may hold, in MiB. */
  get reservedMiB(): number {
    return this.#job?.memoryMiB ?? 0
  }

  /** Starts the worker; the owner hears `onIdle` when it is ready. */
  start(): void {
    this.#doom = undefined
    this.#worker = this.#owner.launch({
      onReply: (reply) => this.#onReply(reply),
      onExit: (exit) => this.#onExit(exit),
    })
    this.#startTimer = setTimeout(() => this.#kill('timed-out'), this.#limits.startTimeoutMs)
    this.#memoryTimer = setInterval(() => void this.#checkMemory(), this.#limits.memoryCheckMs)
    this.#memoryTimer.unref()
  }

  /** Hands a job to an idle worker. */
  run(job: PoolJob): void {
    this.#job = job
    job.begin()
    this.#jobTimer = setTimeout(() => this.#kill('timed-out'), job.timeoutMs)
    this.#worker?.send(job.request)
  }

  /** Kills the worker and waits until it has gone. A job in hand fails as stopped. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restartTimer)
    if (this.#worker === undefined) return
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve
    })
    this.#worker.kill()
    await gone
  }

  #onReply(reply: WorkerReply): void {
    if (this.#doom !== undefined) return
    if (reply.kind === 'ready') {
      clearTimeout(this.#startTimer)
      this.#ready = true
      this.#failedStarts = 0
      this.#owner.onIdle(this)
      return
    }
    const job = this.#job
    if (job === undefined || reply.jobId !== job.request.jobId || !job.take(reply)) return
    clearTimeout(this.#jobTimer)
    this.#job = undefined
    // What a volume has taken does not go back to the system by itself: its worker is replaced.
    if (job.memoryMiB * MIB > this.#limits.memoryBytes) this.#kill('replaced')
    else this.#owner.onIdle(this)
  }

  #kill(doom: 'timed-out' | 'memory' | 'replaced'): void {
    this.#doom = doom
    this.#worker?.kill()
  }

  async #checkMemory(): Promise<void> {
    const pid = this.#worker?.pid
    const bytes = pid === undefined ? undefined : await residentBytes(pid)
    const bound = Math.max(this.#limits.memoryBytes, this.reservedMiB * MIB)
    if (bytes !== undefined && bytes > bound && pid === this.#worker?.pid) this.#kill('memory')
  }

  #onExit(exit: WorkerExit): void {
    clearTimeout(this.#jobTimer)
    clearTimeout(this.#startTimer)
    clearInterval(this.#memoryTimer)
    const job = this.#job
    const doom = this.#doom
    const reason = doom === undefined || doom === 'replaced' ? 'crashed' : doom
    if (!this.#ready) this.#failedStarts += 1
    this.#worker = undefined
    this.#job = undefined
    this.#ready = false
    if (this.#stopping) {
      job?.fail('stopped', 'the box is stopping')
      this.#onGone?.()
      return
    }
    const detail = exit.signal ?? `exit code ${exit.code ?? 'unknown'}`
    if (doom !== 'replaced') {
      this.#logger.warn('scoring.worker-ended', { reason, detail, stderr: exit.stderr.slice(-500) })
    }
    this.#restart()
    if (job !== undefined) this.#owner.onDeath(job, reason, detail)
  }

  /** At once after a worker that had been ready; with growing pauses when workers die before they are. */
  #restart(): void {
    const pause =
      this.#failedStarts === 0 ? 0 : Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** (this.#failedStarts - 1))
    this.#restartTimer = setTimeout(() => this.start(), pause)
  }
}
