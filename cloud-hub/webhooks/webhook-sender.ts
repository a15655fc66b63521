import type { Clock, Logger, Service } from '@leadglass/sync-agent/foundation'
import { deliveryHeaders } from './signature.ts'
import type { DueDelivery, WebhookBook } from './webhook-book.ts'

const ROUND_MS = 2000
const REQUEST_WITHIN_MS = 10_000
const PRUNE_EVERY_MS = 3_600_000

/** Sends what is due, again and again until it was taken. One delivery at a time: order within a webhook is kept. */
export class WebhookSender implements Service {
  readonly #book: WebhookBook
  readonly #clock: Clock
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()
  #stopping = new AbortController()
  #prunedAt = 0

  constructor(book: WebhookBook, clock: Clock, logger: Logger) {
    this.#book = book
    this.#clock = clock
    this.#logger = logger
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController()
    this.#plan()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stopping.abort()
    await this.#round
  }

  /** One round: what is new in the log, then what is due. */
  async round(): Promise<void> {
    while (this.#book.collect());
    if (this.#clock.now() - this.#prunedAt >= PRUNE_EVERY_MS) {
      this.#book.prune()
      this.#prunedAt = this.#clock.now()
    }
    for (const delivery of this.#book.due()) {
      const failure = await this.#send(delivery)
      // Ended by the stop of the hub, not by the receiver: it stays due.
      if (failure !== undefined && this.#stopping.signal.aborted) return
      if (failure === undefined) this.#book.delivered(delivery.delivery)
      else this.#book.failed(delivery, failure)
    }
  }

  #plan(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.round()
        .catch((error: unknown) => {
          this.#logger.error('webhooks.failed', { reason: error instanceof Error ? error.message : 'unknown' })
        })
        .then(() => {
          if (!this.#stopping.signal.aborted) this.#plan()
        })
    }, ROUND_MS)
  }

  /** @returns why it was not taken; undefined when it was. The answer's body is not read: it means nothing here. */
  async #send({ delivery, url, secret, body }: DueDelivery): Promise<string | undefined> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: deliveryHeaders(secret, delivery, Math.floor(this.#clock.now() / 1000), body),
        body,
        // A receiver may not send the hub elsewhere.
        redirect: 'manual',
        signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(REQUEST_WITHIN_MS)]),
      })
      await response.body?.cancel()
      return response.ok ? undefined : `status ${response.status}`
    } catch (error) {
      return error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection'
    }
  }
}
