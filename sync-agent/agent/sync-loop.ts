import type { Acknowledgement, DesiredState, StreamName } from '../contract/index.ts'
import {
  type AcknowledgedFile,
  type DesiredStateFile,
  NO_POLICY,
  nothingAcknowledged,
  type OutboxEntry,
  type OutboxReader,
  type SyncPolicy,
  type SyncPolicyFile,
} from '../exchange/index.ts'
import { type Clock, type Logger, type Randomness, type Service, toIsoInstant } from '../foundation/index.ts'
import type { LinkState, Transport } from '../transport/index.ts'
import { SendWindow, type WindowLimits } from './send-window.ts'
import type { StatusReporter } from './status-reporter.ts'
import { TokenBucket } from './token-bucket.ts'
import type { UploadPort } from './uploader.ts'

export interface SyncLoopOptions {
  /** How often the outbox is looked at while there is work, and while there is none. */
  readonly pollMs: number
  readonly idlePollMs: number
  readonly limits: WindowLimits
}

export interface SyncLoopDependencies {
  readonly transport: Transport
  readonly reader: OutboxReader
  readonly acknowledgedFile: AcknowledgedFile
  readonly desiredFile: DesiredStateFile
  readonly policyFile: SyncPolicyFile
  /** Takes what is too large for a message; absent where the transport has no such way. */
  readonly uploader?: UploadPort
  readonly status: StatusReporter
  /** Hears of a new desired state and of a link that came up. */
  readonly onHint: () => void
  readonly clock: Clock
  /** Never goes backwards; time-outs are measured with it. */
  readonly monotonicClock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/**
 * Carries batches from the outbox to the hub and its answers back. Everything that matters is in files before and after:
 * killed at any point, the next start sends again what no answer was written down for, and the hub takes it once.
 */
export class SyncLoop implements Service {
  readonly #options: SyncLoopOptions
  readonly #dependencies: SyncLoopDependencies
  #window: SendWindow | undefined
  #waiting: ReadonlyMap<StreamName, readonly OutboxEntry[]> = new Map()
  #listedAt = Number.NEGATIVE_INFINITY
  readonly #bucket = new TokenBucket()
  #policy: SyncPolicy = NO_POLICY
  readonly #uploading = new Set<string>()
  #linkUp = false
  #unwritten = false
  #desired: DesiredState | undefined
  #stopping = false
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined

  constructor(options: SyncLoopOptions, dependencies: SyncLoopDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return
    const { acknowledgedFile, clock, logger, randomness, transport } = this.#dependencies
    const read = await acknowledgedFile.read()
    if (read.kind === 'damaged') logger.warn('agent.acknowledged-file-damaged')
    // Without the file the agent sends everything that lies in the outbox again; the hub tells it where it stands.
    const known = read.kind === 'value' ? read.value : nothingAcknowledged(toIsoInstant(clock.now()))
    this.#window = new SendWindow(known, this.#options.limits, randomness)
    this.#stopping = false
    transport.onLink((state) => this.#linkChanged(state))
    transport.onAcknowledgement((answer) => this.acknowledge(answer))
    transport.onDesired((desired) => {
      this.#desired = desired
      this.#wake?.()
    })
    this.#running = this.#run(this.#window)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#running
    this.#running = undefined
  }

  /** Takes an answer of the hub, which came over the link or in a kit that was carried. It is written by the loop. */
  acknowledge(answer: Acknowledgement): void {
    const { clock, logger, status } = this.#dependencies
    const at = toIsoInstant(clock.now())
    // Every answer reaches the window, also one that comes while an earlier one waits to be written.
    const isNews = this.#window?.acknowledge(answer, this.#waiting, this.#now(), at) ?? false
    if (isNews) this.#unwritten = true
    status.set({ lastAcknowledgementAt: at })
    for (const { code } of answer.refused.slice(0, 1)) {
      logger.warn('agent.hub-refused', { code, count: answer.refused.length })
      status.fail(code)
    }
    this.#wake?.()
  }

  async #run(window: SendWindow): Promise<void> {
    while (!this.#isStopping()) {
      await this.#attempt('agent.acknowledged-not-written', () => this.#writeAcknowledged(window))
      await this.#attempt('agent.desired-not-written', () => this.#writeDesired())
      await this.#attempt('agent.outbox-not-read', () => this.#send(window))
      await this.#attempt('agent.status-not-written', () => this.#dependencies.status.flush(this.#now()))
      // An answer that came during this turn is taken up at once.
      if (!this.#unwritten) await this.#pause(this.#busy(window) ? this.#options.pollMs : this.#options.idlePollMs)
    }
    await this.#attempt('agent.acknowledged-not-written', () => this.#writeAcknowledged(window))
    this.#dependencies.status.set({ link: 'down' })
    await this.#attempt('agent.status-not-written', () => this.#dependencies.status.flush(this.#now(), true))
  }

  async #send(window: SendWindow): Promise<void> {
    const { status, logger } = this.#dependencies
    const overdue = window.expire(this.#now())
    if (overdue > 0) logger.warn('agent.acknowledgement-overdue', { batches: overdue })
    await this.#list(window)
    while (this.#linkUp && !this.#isStopping()) {
      if (!this.#bucket.mayTake(this.#now())) return
      const entry = window.next(this.#open(), this.#now())
      if (entry === undefined) return
      const read = await this.#dependencies.reader.read(entry)
      if (read.kind === 'batch') {
        if (read.upload) this.#upload(window, entry, read.batch.batch, read.bytes)
        else this.#publish(window, entry, read.batch.batch, read.bytes)
        continue
      }
      if (read.kind === 'refused') {
        logger.error('agent.file-refused', { file: entry.name, code: read.code })
        status.countRefusedFile(read.code)
        await this.#dependencies.reader.setAside(entry)
      }
      this.#forget(entry)
    }
  }

  #publish(window: SendWindow, entry: OutboxEntry, batch: string, bytes: Uint8Array): void {
    // The link may have gone while the file was read; what is said of it then reached the window already.
    if (!this.#linkUp) return
    window.sent(batch, entry.range, this.#now())
    this.#bucket.take(bytes.length)
    this.#dependencies.transport.publish(bytes).catch(() => {
      window.failed(batch)
      this.#wake?.()
    })
  }

  /** Like publishing, by another way: the hub's answer comes as an acknowledgement all the same. */
  #upload(window: SendWindow, entry: OutboxEntry, batch: string, bytes: Uint8Array): void {
    if (!this.#linkUp) return
    window.sent(batch, entry.range, this.#now())
    const { uploader, logger, status } = this.#dependencies
    if (uploader === undefined) {
      status.fail('agent.upload-not-possible')
      return
    }
    // Overdue, and on its way still: a large body on a slow line.
    if (this.#uploading.has(batch)) return
    this.#uploading.add(batch)
    this.#bucket.take(bytes.length)
    uploader
      .upload(bytes)
      .catch((error: unknown) => {
        logger.warn('agent.upload-failed', { reason: error instanceof Error ? error.message : 'unknown' })
        status.fail('agent.upload-failed')
        window.notTaken(batch, this.#now())
      })
      .finally(() => {
        this.#uploading.delete(batch)
        this.#wake?.()
      })
  }

  /** Looks at the outbox when the last look is old enough. */
  async #list(window: SendWindow): Promise<void> {
    if (this.#now() - this.#listedAt < this.#options.pollMs) return
    const listed = await this.#dependencies.reader.list()
    const policy = await this.#dependencies.policyFile.read()
    // A damaged file changes nothing: what held before holds until the appliance has written it again.
    if (policy.kind !== 'damaged') this.#policy = policy.kind === 'value' ? policy.value : NO_POLICY
    this.#bucket.limit(this.#policy.bytesPerSecond, this.#now())
    const waiting = new Map(
      [...listed].map(([stream, entries]) => [stream, entries.filter((entry) => !window.isCommitted(entry.range))]),
    )
    this.#waiting = waiting
    this.#listedAt = this.#now()
    const counts = [...waiting].map(([stream, entries]) => [stream, entries.length] as const)
    this.#dependencies.status.set({ waiting: Object.fromEntries(counts) })
  }

  /** What waits on streams whose window is open. */
  #open(): ReadonlyMap<StreamName, readonly OutboxEntry[]> {
    const shut: readonly StreamName[] = this.#policy.shut
    return shut.length === 0 ? this.#waiting : new Map([...this.#waiting].filter(([stream]) => !shut.includes(stream)))
  }

  #forget(entry: OutboxEntry): void {
    const { stream } = entry.range
    const rest = (this.#waiting.get(stream) ?? []).filter((other) => other.name !== entry.name)
    this.#waiting = new Map(this.#waiting).set(stream, rest)
  }

  async #writeAcknowledged(window: SendWindow): Promise<void> {
    if (!this.#unwritten) return
    this.#unwritten = false
    try {
      await this.#dependencies.acknowledgedFile.write(window.acknowledged)
    } catch (error) {
      this.#unwritten = true
      throw error
    }
  }

  async #writeDesired(): Promise<void> {
    const desired = this.#desired
    if (desired === undefined) return
    await this.#dependencies.desiredFile.write(desired)
    if (this.#desired === desired) this.#desired = undefined
    this.#dependencies.onHint()
  }

  /** A failing disk must not end the agent: the failure is told and the next turn tries again. */
  async #attempt(event: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      this.#dependencies.logger.error(event, { code })
      this.#dependencies.status.fail(event)
      await this.#pause(this.#options.idlePollMs)
    }
  }

  #linkChanged(state: LinkState): void {
    const { status, onHint } = this.#dependencies
    this.#linkUp = state.kind === 'up'
    status.set({ link: state.kind })
    if (state.kind === 'up') onHint()
    else {
      this.#window?.linkLost()
      if (state.code !== null) status.fail(state.code)
    }
    this.#wake?.()
  }

  #busy(window: SendWindow): boolean {
    return this.#linkUp && (window.inFlight > 0 || [...this.#waiting.values()].some((entries) => entries.length > 0))
  }

  #now(): number {
    return this.#dependencies.monotonicClock.now()
  }

  /** A call, because the answer changes between two awaits. */
  #isStopping(): boolean {
    return this.#stopping
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }
}
