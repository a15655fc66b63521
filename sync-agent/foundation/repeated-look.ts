import type { Service } from './lifecycle.ts'
import type { Logger } from './logger.ts'

/** A look that is repeated while a process runs. */
export interface RepeatedLookOptions {
  /** Named in the log as `<name>.look-failed`. */
  readonly name: string
  readonly everyMs: number
  readonly look: () => unknown
  readonly logger: Pick<Logger, 'error' | 'info'>
  /** True when `start` looks too, and fails when that look does. */
  readonly atStart?: boolean
}

/**
 * Looks again and again, never twice at once. A look that fails, as on a disk that is full, is told once a streak and
 * repeated: what watches over a process must not be what ends it.
 */
export class RepeatedLook implements Service {
  readonly #options: RepeatedLookOptions
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #failing = false

  constructor(options: RepeatedLookOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { everyMs, look, atStart = false } = this.#options
    if (atStart) await look()
    this.#timer ??= setInterval(() => this.#again(), everyMs).unref()
  }

  /** Resolves when the look that runs is over. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#looking
  }

  #again(): void {
    this.#looking ??= this.#one().finally(() => {
      this.#looking = undefined
    })
  }

  async #one(): Promise<void> {
    const { name, look, logger } = this.#options
    try {
      await look()
      if (this.#failing) logger.info(`${name}.look-recovered`)
      this.#failing = false
    } catch (error) {
      if (!this.#failing) logger.error(`${name}.look-failed`, { code: codeOf(error) })
      this.#failing = true
    }
  }
}

/** The code alone: what a database or a file system says in words may hold a path or a value. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
}
