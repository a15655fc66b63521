import { type Clock, isCodedError, type Logger, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { RestError } from '../rest/rest-error.ts'
import { AcknowledgedRuns } from './acknowledged-runs.ts'
import { MlflowClient, type MlflowSettings } from './mlflow-client.ts'
import type { ExperimentTracking, TrackedRuns, TrackedVersion, TrackingStatus } from './port.ts'

/** What tracking works with. */
export interface MlflowTrackingParts {
  readonly settings: MlflowSettings
  readonly source: TrackedRuns
  /** Where it remembers what the server has. */
  readonly folder: string
  readonly clock: Clock
  readonly logger: Logger
  /** How often it looks for changes, and the longest pause after failures, in milliseconds. */
  readonly everyMs?: number
  readonly longestPauseMs?: number
}

const EVERY_MS = 15_000
const LONGEST_PAUSE_MS = 300_000

/**
 * Tells training runs to an MLflow server. What is to be told is the difference between the hub's own tables and what the
 * server is known to have: an absent server only makes that larger. Each run is found again by our own identifier, so that
 * telling it twice changes nothing.
 */
export class MlflowTracking implements ExperimentTracking {
  readonly #with: MlflowTrackingParts
  #client: MlflowClient
  #abort = new AbortController()
  readonly #acknowledged: AcknowledgedRuns
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined
  #stopping = false
  #failures = 0
  #failure: string | null = null
  #lastToldAt: string | null = null

  constructor(parts: MlflowTrackingParts) {
    this.#with = parts
    this.#client = new MlflowClient(parts.settings, this.#abort.signal)
    this.#acknowledged = new AcknowledgedRuns(parts.folder)
  }

  async start(): Promise<void> {
    this.#stopping = false
    this.#abort = new AbortController()
    this.#client = new MlflowClient(this.#with.settings, this.#abort.signal)
    await this.#acknowledged.load()
    this.#schedule(0)
  }

  /** Breaks off the call that is under way: whatever it did is found again at the next start. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#working
  }

  /** A server that failed is not asked earlier for it. */
  wake(): void {
    if (this.#failures === 0) this.#schedule(0)
  }

  status(): TrackingStatus {
    const { settings, source } = this.#with
    const runs = source.versions()
    const told = runs.filter((one) => this.#acknowledged.has(one)).length
    return {
      url: settings.url,
      experiment: settings.experiment,
      backlog: runs.length - told,
      told,
      lastToldAt: this.#lastToldAt,
      failure: this.#failure,
    }
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer)
    if (this.#stopping || this.#working !== undefined) return
    this.#timer = setTimeout(() => {
      this.#working = this.#round().finally(() => {
        this.#working = undefined
        this.#schedule(this.#pauseMs())
      })
    }, afterMs)
    this.#timer.unref()
  }

  #pauseMs(): number {
    const { everyMs = EVERY_MS, longestPauseMs = LONGEST_PAUSE_MS } = this.#with
    return Math.min(longestPauseMs, everyMs * 2 ** Math.min(this.#failures, 20))
  }

  /** Tells all that is to be told, the oldest first. One run that the server refuses holds up no other. */
  async #round(): Promise<void> {
    let failure: string | null = null
    try {
      const waiting = this.#with.source.versions().filter((one) => !this.#acknowledged.has(one))
      const experiment = waiting.length === 0 ? '' : await this.#client.experiment()
      for (const one of waiting.toReversed()) {
        if (this.#stopping) return
        failure = (await this.#tell(experiment, one)) ?? failure
      }
    } catch (error) {
      failure = codeOf(error)
    }
    if (failure !== null && failure !== this.#failure) this.#with.logger.warn('tracking.behind', { code: failure })
    this.#failure = failure
    this.#failures = failure === null ? 0 : this.#failures + 1
  }

  /** @returns the code of a refusal of this run alone. @throws when the server cannot be reached at all. */
  async #tell(experiment: string, version: TrackedVersion): Promise<string | undefined> {
    const { clock, source } = this.#with
    const run = source.run(version.run)
    if (run === undefined) return undefined
    try {
      const remote = await this.#client.run(experiment, run)
      await this.#client.describe(remote, run)
      if (run.endMs !== null) {
        for (const file of await source.files(run.run)) if (!(await this.#client.upload(remote, file))) break
      }
      await this.#client.close(remote, run)
      this.#lastToldAt = toIsoInstant(clock.now())
      await this.#acknowledged.add(version, remote.id, this.#lastToldAt)
      return undefined
    } catch (error) {
      if (error instanceof RestError && (error.code === 'refused' || error.code === 'conflict')) return error.code
      throw error
    }
  }
}

function codeOf(error: unknown): string {
  return isCodedError(error) ? error.code : 'unexpected'
}
