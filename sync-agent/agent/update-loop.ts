import {
  type Clock,
  isCodedError,
  type Logger,
  type Randomness,
  type Service,
  toIsoInstant,
} from '../foundation/index.ts'
import { backoffDelay } from '../transport/index.ts'
import type { UpdateOutcome } from '../updates/index.ts'
import type { StatusReporter } from './status-reporter.ts'

/** Shortest time between two looks at the repository, however many hints come. */
const MINIMUM_MS = 2000
/** First delay after the repository was out of reach; it grows up to the regular interval. */
const FIRST_RETRY_MS = 5000

/** What the loop asks of the update client. */
export interface UpdateRefresher {
  refresh(): Promise<UpdateOutcome>
}

export interface UpdateLoopDependencies {
  readonly client: UpdateRefresher
  readonly status: StatusReporter
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
}

/** Looks at the update repository regularly, and soon after a hint. A refusal or an outage never ends it. */
export class UpdateLoop implements Service {
  readonly #intervalMs: number
  readonly #dependencies: UpdateLoopDependencies
  #stopping = false
  #hinted = false
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined

  constructor(intervalMs: number, dependencies: UpdateLoopDependencies) {
    this.#intervalMs = intervalMs
    this.#dependencies = dependencies
  }

  async start(): Promise<void> {
    this.#stopping = false
    this.#running ??= this.#run()
  }

  /** Waits for a refresh that is under way: what it writes must be whole. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    await this.#running
    this.#running = undefined
  }

  /** There may be something new, or the hub may be in reach again. */
  hint(): void {
    this.#hinted = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#isStopping()) {
      this.#hinted = false
      const reached = await this.#refresh()
      failures = reached ? 0 : failures + 1
      await this.#pause(MINIMUM_MS, false)
      const bounds = { firstMs: FIRST_RETRY_MS, largestMs: this.#intervalMs }
      // A whole interval after a good look; spread out as well, so that a fleet does not come at once.
      const attempts = reached ? 31 : failures
      await this.#pause(backoffDelay(attempts, bounds, this.#dependencies.randomness), true)
    }
  }

  async #refresh(): Promise<boolean> {
    const { client, status, clock, logger } = this.#dependencies
    const at = toIsoInstant(clock.now())
    try {
      const outcome = await client.refresh()
      status.set({ updates: { at, outcome: outcome.kind, code: codeOf(outcome) } })
      return outcome.kind !== 'unreachable'
    } catch (error) {
      const code = isCodedError(error) ? error.code : 'unexpected'
      logger.error('agent.update-failed', { code })
      status.set({ updates: { at, outcome: 'failed', code } })
      return false
    }
  }

  /** A call, because the answer changes between two awaits. */
  #isStopping(): boolean {
    return this.#stopping
  }

  #pause(ms: number, endsWithHint: boolean): Promise<void> {
    if (this.#stopping || (endsWithHint && this.#hinted)) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#wake = () => {
        if (endsWithHint || this.#isStopping()) end()
      }
    })
  }
}

function codeOf(outcome: UpdateOutcome): string | null {
  switch (outcome.kind) {
    case 'verified':
      return outcome.refused[0]?.attack ?? null
    case 'refused':
      return outcome.attack
    case 'unreachable':
      return outcome.reason
  }
}
