/** The time, as a port, so that tests decide it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
}

/** The host's clock. */
export const systemClock: Clock = { now: () => Date.now() }

/** Milliseconds since the process started: a clock that nobody can set. Not the time of day. */
export const monotonicClock: Clock = { now: () => performance.now() }

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number

  constructor(startMs: number) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  /** Moves the clock by `ms`, which may be negative: clocks in hospitals go backwards too. */
  advance(ms: number): void {
    this.#now += ms
  }
}

/** `2026-11-22T14:00:00.000Z` for a clock value. */
export function toIsoInstant(ms: number): string {
  return new Date(ms).toISOString()
}
