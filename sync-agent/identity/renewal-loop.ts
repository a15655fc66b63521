import type { Logger, Service } from '../foundation/index.ts'
import type { Renewal } from './renewal.ts'

/** How long after a failure the next try comes at the latest, in milliseconds. */
const RETRY_MS = 300_000

/** What the loop works with. */
export interface RenewalLoopParts {
  readonly renewal: Pick<Renewal, 'step'>
  readonly logger: Logger
  /** Hears of what is wrong with the identity, by code; null when it is well. */
  readonly onLook: (code: string | null) => void
}

/** Looks at the identity from time to time, for as long as the agent runs. */
export class RenewalLoop implements Service {
  readonly #intervalMs: number
  readonly #parts: RenewalLoopParts
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #stopping = false

  constructor(intervalMs: number, parts: RenewalLoopParts) {
    this.#intervalMs = intervalMs
    this.#parts = parts
  }

  async start(): Promise<void> {
    this.#stopping = false
    this.#look()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #look(): void {
    this.#running = this.#step().then((waitMs) => {
      if (!this.#stopping) this.#timer = setTimeout(() => this.#look(), waitMs)
    })
  }

  async #step(): Promise<number> {
    const { renewal, logger, onLook } = this.#parts
    try {
      const { outcome, code, notAfter } = await renewal.step()
      if (outcome === 'renewed') logger.info('identity.renewed', { notAfter })
      onLook(code)
      if (code === null) return this.#intervalMs
      logger.warn('identity.not-renewed', { code, notAfter })
    } catch (error) {
      logger.error('identity.unreadable', { reason: error instanceof Error ? error.message : 'unknown' })
      onLook('identity-unreadable')
    }
    return Math.min(this.#intervalMs, RETRY_MS)
  }
}
