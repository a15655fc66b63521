import type { Logger, Service } from '@leadglass/sync-agent/foundation'

/** Calls a look again and again, never twice at a time; a failed look is logged and the next one tries again. */
export class LookTimer implements Service {
  readonly #look: () => Promise<unknown>
  readonly #everyMs: number
  readonly #failed: (reason: string) => void
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(look: () => Promise<unknown>, everyMs: number, logger: Logger, event: string) {
    this.#look = look
    this.#everyMs = everyMs
    this.#failed = (reason) => logger.error(event, { reason })
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.once(), this.#everyMs)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** One look, or the one that is under way. */
  once(): Promise<void> {
    this.#running ??= this.#look()
      .then(
        () => undefined,
        (error: unknown) => this.#failed(String(error)),
      )
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }
}
