import type { Clock } from '../foundation/index.ts'
import { type AuditEventInput, decodeEvent } from './event.ts'
import type { LogStore } from './log-store.ts'

/** A clock that is off by more than this against a clock that cannot be set has leapt; less is a correction. */
const LEAP_MS = 120_000
const SYSTEM = { kind: 'system', id: 'process' } as const

/** Time of day and a clock that nobody sets, both in milliseconds, when the log had `size` leaves. */
interface Mark {
  readonly size: number
  readonly at: number
  readonly monotonic: number
}

/**
 * Sees that the time of day leapt between two leaves: against a clock that only runs forward, and at the first leaf of a
 * process against the last one in the log. A leap is in the log before anything that is stamped after it, so that honest
 * corrections and entries dated back can be told apart.
 */
export class ClockJumps {
  readonly #monotonic: Clock
  /** The last leaf that is known to have stayed: what was appended after it may have been taken back. */
  #held: Mark | undefined
  #pending: Mark | undefined

  constructor(monotonic: Clock) {
    this.#monotonic = monotonic
  }

  /** The event to record before one stamped `at`; `undefined` when the time goes on as it should. */
  before(store: LogStore, at: number): AuditEventInput | undefined {
    const size = store.size()
    const monotonic = this.#monotonic.now()
    if (this.#pending !== undefined && size >= this.#pending.size) this.#held = this.#pending
    const leap =
      this.#held === undefined ? backwards(store, size, at) : at - this.#held.at - monotonic + this.#held.monotonic
    const isLeap = Math.abs(leap) > LEAP_MS
    this.#pending = { size: size + (isLeap ? 2 : 1), at, monotonic }
    if (!isLeap) return undefined
    const seconds = Math.round(Math.abs(leap) / 1000)
    const codes = [leap < 0 ? 'backwards' : 'forwards', `seconds-${seconds}`]
    return { event: 'clock.jumped', actor: SYSTEM, subject: null, outcome: 'failure', codes }
  }
}

/** How far the last leaf lies in the future, as a negative number: while no process ran, time may only have passed. */
function backwards(store: LogStore, size: number, at: number): number {
  const last = size === 0 ? undefined : store.leaf(size - 1)
  const event = last === undefined ? undefined : decodeEvent(last)
  return event === undefined ? 0 : Math.min(0, at - Date.parse(event.at))
}
