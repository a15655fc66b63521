import type { Service } from '@leadglass/sync-agent/foundation'
import type { CurrentSettings, Destination } from '../settings.ts'

const POLL_MS = 1000

/** What is done again and again for each destination. */
export interface RoundsWork {
  readonly settings: CurrentSettings
  /** One round; never two at a time for a destination, and none holds up another's. */
  readonly round: (destination: Destination) => Promise<void>
  /** Told what a round threw. */
  readonly onFailure: (cause: unknown) => void
  /** Before each look at all destinations. */
  readonly before?: () => void
}

/** Goes round the destinations every second, and at once when woken. */
export class DestinationRounds implements Service {
  readonly #work: RoundsWork
  readonly #running = new Map<string, Promise<void>>()
  #timer: NodeJS.Timeout | undefined

  constructor(work: RoundsWork) {
    this.#work = work
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.wake()
    }, POLL_MS)
  }

  /** Ends when the rounds in hand have ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await Promise.all(this.#running.values())
  }

  /** Looks now. */
  wake(): void {
    if (this.#timer === undefined) return
    const { settings, round, onFailure, before } = this.#work
    before?.()
    for (const destination of settings().destinations) {
      if (this.#running.has(destination.name)) continue
      const work = round(destination)
        .catch(onFailure)
        .finally(() => {
          this.#running.delete(destination.name)
        })
      this.#running.set(destination.name, work)
    }
  }
}
