import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'

/** What the security unit must know at once (21 CFR 11.300(d)). */
export interface SigningAlarm {
  readonly at: string
  /** The account, or `hub.delivery` for the keys that the hub holds itself. */
  readonly person: string
  readonly code: string
}

const alarmRow = z.object({ at: z.string(), person: z.string(), code: z.string() })
const SQL_NEWEST = 'SELECT at, person, code FROM signing_alarm ORDER BY id DESC LIMIT 100'
const SQL_SINCE = 'SELECT 1 FROM signing_alarm WHERE person = ? AND code = ? AND at > ? LIMIT 1'

/** Alarms about signing: each stands in its own list and in the hub's log, written together. */
export class SigningAlarms {
  readonly #database: Database.Database
  readonly #audit: { append(event: AuditEventInput): unknown }
  readonly #clock: Clock

  constructor(options: {
    readonly database: Database.Database
    readonly audit: { append(event: AuditEventInput): unknown }
    readonly clock: Clock
  }) {
    this.#database = options.database
    this.#audit = options.audit
    this.#clock = options.clock
  }

  /**
   * @param options.event the entry of the log that says what happened, where nothing else records it.
   * @param options.quietMs an alarm of the same code about the same person that is younger than this is not repeated.
   */
  raise(
    person: string,
    code: string,
    options: { readonly event?: AuditEventInput; readonly quietMs?: number } = {},
  ): void {
    const now = this.#clock.now()
    const { event, quietMs = 0 } = options
    this.#database.transaction(() => {
      const since = toIsoInstant(now - quietMs)
      if (quietMs > 0 && this.#database.prepare(SQL_SINCE).get(person, code, since) !== undefined) return
      this.#database
        .prepare('INSERT INTO signing_alarm (at, person, code) VALUES (?, ?, ?)')
        .run(toIsoInstant(now), person, code)
      if (event !== undefined) this.#audit.append(event)
    })()
  }

  /** Newest first, a hundred at most. */
  newest(): SigningAlarm[] {
    return z.array(alarmRow).parse(this.#database.prepare(SQL_NEWEST).all())
  }
}
