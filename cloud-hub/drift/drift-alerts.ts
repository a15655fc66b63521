import type { AuditActor, AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { type Clock, type Logger, type Service, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { AlertBook, type DriftAlert } from './alert-book.ts'
import { step } from './alert-machine.ts'
import type { Drift } from './drift.ts'
import { FLEET } from './entries.ts'
import { type DriftRules, driftRules } from './rules.ts'
import { type Watched, watchedOf } from './watched.ts'

const EVERY_MS = 600_000
const HOUR_MS = 3_600_000

/** What the alerts are made of. */
export interface DriftAlertParts {
  readonly database: Database.Database
  readonly drift: Pick<Drift, 'view' | 'takeBaselines'>
  readonly rules?: DriftRules
  readonly audit: { record(event: AuditEventInput): void }
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * Looks at every site's distributions whenever a window has ended. What moved too far for long enough becomes one alert,
 * however many windows go on to say so, until a person has settled it and its cause is gone.
 */
export class DriftAlerts implements Service {
  readonly #parts: DriftAlertParts
  readonly #rules: DriftRules
  readonly #book: AlertBook
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(parts: DriftAlertParts) {
    this.#parts = parts
    this.#rules = parts.rules ?? driftRules.parse({})
    this.#book = new AlertBook(parts.database)
  }

  async start(): Promise<void> {
    const look = (): void => {
      this.#running ??= this.look()
        .then(
          () => undefined,
          (error: unknown) => this.#parts.logger.error('drift.look-failed', { reason: String(error) }),
        )
        .finally(() => {
          this.#running = undefined
        })
    }
    this.#timer = setInterval(look, EVERY_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  /** Every alert, newest first. */
  list(): DriftAlert[] {
    return this.#book.list()
  }

  /** Alerts that nobody has settled, newest first. */
  open(): DriftAlert[] {
    return this.#book.open()
  }

  /** One look. Each window is taken once, in one transaction with what follows from it. @returns how many alerts were raised. */
  async look(): Promise<number> {
    const { database, drift, clock } = this.#parts
    const now = clock.now()
    await drift.takeBaselines(toIsoInstant(now))
    const ended = toIsoInstant(now - this.#rules.graceHours * HOUR_MS)
    const watched = watchedOf(await drift.view(), this.#rules).filter(({ window }) => window.to <= ended)
    return database.transaction(() => watched.filter((one) => this.#take(one, now)).length).immediate()
  }

  /** A person has looked. @returns false when there is no such alert, or it is settled already. */
  settle(alert: string, actor: AuditActor, reason: string): boolean {
    const { database, audit, clock } = this.#parts
    return database
      .transaction(() => {
        if (!this.#book.settle(alert, toIsoInstant(clock.now()), actor.id, reason)) return false
        audit.record({ event: 'drift.settled', actor, subject: { kind: 'alert', id: alert }, outcome: 'success' })
        return true
      })
      .immediate()
  }

  /** @returns true when an alert was raised. */
  #take(one: Watched, now: number): boolean {
    const before = this.#book.state(one)
    const { state, act } = step(before, one.window.from, one.reading, now, this.#rules)
    if (state === before) return false
    this.#book.keepState(one, state)
    const [open, at] = [this.#book.openOf(one), toIsoInstant(now)]
    if (act === 'raise') this.#raise(one, open, at)
    if (act === 'still' && open !== undefined) this.#book.seen(open, one, at)
    if (act === 'clear' && open !== undefined) this.#book.clear(open, at)
    return act === 'raise'
  }

  #raise(one: Watched, open: string | undefined, at: string): void {
    const alert = open ?? crypto.randomUUID()
    if (open === undefined) this.#book.insert(alert, one, at)
    else this.#book.seen(open, one, at)
    this.#parts.audit.record({
      event: 'drift.alerted',
      actor: one.device === FLEET ? { kind: 'system', id: 'drift' } : { kind: 'device', id: one.device },
      subject: { kind: 'alert', id: alert },
      outcome: 'failure',
      codes: [`model.${one.model.name.slice(0, 40)}`, one.feature, one.priority.toLowerCase()],
    })
  }
}
