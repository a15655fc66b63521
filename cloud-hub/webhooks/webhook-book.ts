import { randomUUID } from 'node:crypto'
import type { AuditLog } from '@leadglass/sync-agent/audit-log'
import { type Clock, type Randomness, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { webhookEvent } from './events.ts'

const row = z.object({
  webhook: z.string(),
  url: z.string(),
  secret: z.string(),
  events: z.string(),
  created_at: z.string(),
})
const dueRow = z.object({
  delivery: z.string(),
  url: z.string(),
  secret: z.string(),
  body: z.string(),
  attempts: z.number(),
})

/** Where events go. The secret is told once, when the webhook is made. */
export interface Webhook {
  readonly webhook: string
  readonly url: string
  readonly events: readonly string[]
  readonly createdAt: string
  readonly waiting: number
  /** Of the last {@link KEPT_MS}; so is `given`. */
  readonly delivered: number
  readonly given: number
  readonly lastFailure: string | null
}

/** A delivery whose time has come. */
export interface DueDelivery {
  readonly delivery: string
  readonly url: string
  readonly secret: string
  readonly body: string
  readonly attempts: number
}

/** Attempts before a delivery is given up: with the waits below, about a day. */
export const MOST_ATTEMPTS = 30
const FIRST_WAIT_MS = 10_000
const LONGEST_WAIT_MS = 3_600_000
const LEAVES_AT_ONCE = 1000
/** How long what came of a delivery can be looked up. */
export const KEPT_MS = 30 * 86_400_000

export const SQL_DUE = `SELECT d.delivery, w.url, w.secret, d.body, d.attempts FROM webhook_delivery d
  JOIN webhook w ON w.webhook = d.webhook WHERE d.state = 'waiting' AND d.next_ms <= ? ORDER BY d.next_ms LIMIT 50`
const SQL_COUNTS = `SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,
  count(*) FILTER (WHERE state = 'delivered') AS delivered, count(*) FILTER (WHERE state = 'given-up') AS given,
  max(last_failure) AS failure FROM webhook_delivery WHERE webhook = ?`

/**
 * Webhooks and their outbox. Events are read from the hub's own log by a cursor, which moves in the transaction that
 * writes the deliveries: what is in the log is delivered at least once, whenever the hub is killed.
 */
export class WebhookBook {
  readonly #database: Database.Database
  readonly #log: Pick<AuditLog, 'size' | 'leaf' | 'origin'>
  readonly #clock: Clock
  readonly #randomness: Randomness

  constructor(options: {
    readonly database: Database.Database
    readonly log: Pick<AuditLog, 'size' | 'leaf' | 'origin'>
    readonly clock: Clock
    readonly randomness: Randomness
  }) {
    this.#database = options.database
    this.#log = options.log
    this.#clock = options.clock
    this.#randomness = options.randomness
  }

  /** A new webhook, which hears of what happens from now on. */
  add(url: string, events: readonly string[], person: string): { readonly webhook: string; readonly secret: string } {
    const webhook = randomUUID()
    const secret = Buffer.from(this.#randomness.bytes(32)).toString('base64url')
    this.#database.transaction(() => {
      this.collect()
      this.#database
        .prepare('INSERT INTO webhook (webhook, url, secret, events, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?)')
        .run(webhook, url, secret, JSON.stringify(events), person, toIsoInstant(this.#clock.now()))
    })()
    return { webhook, secret }
  }

  /** @returns false when there is none. */
  remove(webhook: string): boolean {
    return this.#database.transaction(() => {
      this.#database.prepare('DELETE FROM webhook_delivery WHERE webhook = ?').run(webhook)
      return this.#database.prepare('DELETE FROM webhook WHERE webhook = ?').run(webhook).changes === 1
    })()
  }

  webhooks(): Webhook[] {
    const counts = z.object({
      waiting: z.number(),
      delivered: z.number(),
      given: z.number(),
      failure: z.string().nullable(),
    })
    return this.#rows().map(({ webhook, url, events, created_at }) => {
      const { failure, ...numbers } = counts.parse(this.#database.prepare(SQL_COUNTS).get(webhook))
      return { webhook, url, events: readEvents(events), createdAt: created_at, ...numbers, lastFailure: failure }
    })
  }

  /** Puts what the log says since the last time into the outbox. @returns whether more waits in the log. */
  collect(): boolean {
    return this.#database.transaction(() => {
      const size = this.#log.size
      const cursor = this.#database.prepare('SELECT next FROM webhook_cursor WHERE one = 1').get() as
        | { readonly next: number }
        | undefined
      const webhooks = this.#rows()
      // Without a webhook nobody waits for anything: the log need not be read.
      const from = webhooks.length === 0 ? size : (cursor?.next ?? size)
      const to = Math.min(size, from + LEAVES_AT_ONCE)
      const insert = this.#database.prepare(
        `INSERT INTO webhook_delivery (delivery, webhook, event, body, state, attempts, next_ms, created_at)
         VALUES (?, ?, ?, ?, 'waiting', 0, ?, ?)`,
      )
      const now = this.#clock.now()
      for (let index = from; index < to; index += 1) {
        const found = webhookEvent(this.#log.leaf(index), this.#log.origin, index)
        if (found === undefined) continue
        for (const { webhook } of webhooks.filter((one) => readEvents(one.events).includes(found.event))) {
          insert.run(randomUUID(), webhook, found.event, found.body, now, toIsoInstant(now))
        }
      }
      if (cursor?.next !== to) {
        this.#database
          .prepare(
            'INSERT INTO webhook_cursor (one, next) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET next = excluded.next',
          )
          .run(to)
      }
      return to < size
    })()
  }

  /** Forgets deliveries that ended, once they are {@link KEPT_MS} old; what waits is never forgotten. @returns how many. */
  prune(): number {
    const before = toIsoInstant(this.#clock.now() - KEPT_MS)
    return this.#database
      .prepare("DELETE FROM webhook_delivery WHERE state <> 'waiting' AND created_at < ?")
      .run(before).changes
  }

  due(): DueDelivery[] {
    return z.array(dueRow).parse(this.#database.prepare(SQL_DUE).all(this.#clock.now()))
  }

  delivered(delivery: string): void {
    this.#database
      .prepare(
        "UPDATE webhook_delivery SET state = 'delivered', attempts = attempts + 1, last_failure = NULL WHERE delivery = ?",
      )
      .run(delivery)
  }

  /** Notes a failure and when to try again; after the last attempt the delivery stays, given up, for people to see. */
  failed({ delivery, attempts }: DueDelivery, reason: string): void {
    const next = this.#clock.now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts)
    const state = attempts + 1 >= MOST_ATTEMPTS ? 'given-up' : 'waiting'
    this.#database
      .prepare(
        'UPDATE webhook_delivery SET state = ?, attempts = attempts + 1, next_ms = ?, last_failure = ? WHERE delivery = ?',
      )
      .run(state, next, reason, delivery)
  }

  #rows(): z.infer<typeof row>[] {
    return z.array(row).parse(this.#database.prepare('SELECT * FROM webhook ORDER BY created_at, webhook').all())
  }
}

function readEvents(json: string): string[] {
  return z.array(z.string()).parse(JSON.parse(json))
}
