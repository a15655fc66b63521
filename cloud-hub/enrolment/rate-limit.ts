import type { Clock } from '@leadglass/sync-agent/foundation'

const WINDOW_MS = 60_000
/** Addresses remembered at once; a minute with more lets in no other. */
const MOST_ADDRESSES = 10_000

/** At most so many tries a minute for one address, and so many for all. */
export class RateLimit {
  readonly #clock: Clock
  readonly #perAddress: number
  readonly #overall: number
  #begun = 0
  #total = 0
  readonly #counts = new Map<string, number>()

  constructor(clock: Clock, perAddress: number, overall: number) {
    this.#clock = clock
    this.#perAddress = perAddress
    this.#overall = overall
  }

  /** Counts a try. @returns false when it is one too many. */
  allows(address: string): boolean {
    const now = this.#clock.now()
    if (now - this.#begun >= WINDOW_MS || now < this.#begun) {
      this.#begun = now
      this.#total = 0
      this.#counts.clear()
    }
    if (this.#counts.size >= MOST_ADDRESSES && !this.#counts.has(address)) return false
    const count = (this.#counts.get(address) ?? 0) + 1
    this.#counts.set(address, count)
    this.#total += 1
    return count <= this.#perAddress && this.#total <= this.#overall
  }
}
