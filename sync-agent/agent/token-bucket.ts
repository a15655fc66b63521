/** Seconds of the rate that may be saved up while nothing is sent. */
const BURST_SECONDS = 2

/**
 * A token bucket over bytes. A batch may go when the bucket is not in debt, and takes what it weighs: so a batch larger
 * than the bucket goes too, and the average holds. Times are milliseconds of a monotonic clock.
 */
export class TokenBucket {
  #rate: number | null = null
  #tokens = 0
  #at = Number.NEGATIVE_INFINITY

  /** Takes another rate into force, bytes a second; `null` for no limit. */
  limit(rate: number | null, now: number): void {
    if (rate === this.#rate) return
    this.#rate = rate
    this.#tokens = rate === null ? 0 : rate * BURST_SECONDS
    this.#at = now
  }

  /** True when something may be sent now. */
  mayTake(now: number): boolean {
    if (this.#rate === null) return true
    const seconds = Math.max(0, now - this.#at) / 1000
    this.#tokens = Math.min(this.#rate * BURST_SECONDS, this.#tokens + seconds * this.#rate)
    this.#at = now
    return this.#tokens > 0
  }

  /** Notes what was sent. */
  take(bytes: number): void {
    if (this.#rate !== null) this.#tokens -= bytes
  }
}
