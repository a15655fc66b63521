import { setTimeout as delay } from 'node:timers/promises'
import type { Logger, Service } from '@leadglass/sync-agent/foundation'
import type { HubAudit } from '../audit/index.ts'
import { recordErasure } from './erasure-audit.ts'
import type { Lake } from './lake.ts'

/** How often the hub looks for new envelopes. */
const EVERY_MS = 60_000

/** Lets the lake keep up by itself, and tidies it afterwards. */
export class LakeService implements Service {
  readonly #lake: Pick<Lake, 'recover' | 'catchUp' | 'tidy'>
  readonly #audit: Pick<HubAudit, 'record'>
  readonly #logger: Logger
  readonly #everyMs: number
  #ending = new AbortController()
  #loop: Promise<void> = Promise.resolve()

  constructor(
    lake: Pick<Lake, 'recover' | 'catchUp' | 'tidy'>,
    audit: Pick<HubAudit, 'record'>,
    logger: Logger,
    everyMs = EVERY_MS,
  ) {
    this.#lake = lake
    this.#audit = audit
    this.#logger = logger
    this.#everyMs = everyMs
  }

  async start(): Promise<void> {
    this.#ending = new AbortController()
    this.#loop = this.#run(this.#ending.signal)
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#loop
  }

  async #run(signal: AbortSignal): Promise<void> {
    let isRecovered = false
    while (!signal.aborted) {
      try {
        // Not before the start: a lake that needs a hand must not keep the hub from its boxes.
        if (!isRecovered) for (const report of await this.#lake.recover()) recordErasure(this.#audit, report)
        isRecovered = true
        await this.#lake.catchUp()
        await this.#lake.tidy()
      } catch (error) {
        // Nothing is lost: the cursor stands where it stood, and the next round begins there.
        this.#logger.error('lake.write-failed', { reason: error instanceof Error ? error.message : String(error) })
      }
      await delay(this.#everyMs, undefined, { signal }).catch(() => undefined)
    }
  }
}
