import type { Clock } from '@leadglass/sync-agent/foundation'

const WINDOW_MS = 60_000
const EVENTS_A_WINDOW = 30

/**
 * Bounds events that anybody on the network can cause, so that nobody fills the log, which is never shortened. What was
 * held back is counted, and the number goes with the next event that is recorded.
 */
export class EventBrake {
  readonly #clock: Clock
  #windowStart = Number.NEGATIVE_INFINITY
  #recorded = 0
  #heldBack = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns codes to add to the event, or undefined when it is to be held back. */
  codes(): readonly string[] | undefined {
    const now = this.#clock.now()
    if (now - this.#windowStart >= WINDOW_MS || now < this.#windowStart) {
      this.#windowStart = now
      this.#recorded = 0
    }
    if (this.#recorded >= EVENTS_A_WINDOW) {
      this.#heldBack += 1
      return undefined
    }
    this.#recorded += 1
    const heldBack = this.#heldBack
    this.#heldBack = 0
    return heldBack === 0 ? [] : [`not-recorded-${heldBack}`]
  }
}
