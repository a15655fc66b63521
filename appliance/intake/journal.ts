import type { Arrival, Records, Registration } from '../records/index.ts'

/** What follows from a registration: `within` in the same transaction, `after` once the commit is on disk. */
export interface JournalHooks {
  within(arrival: Arrival, registration: Registration): void
  after(arrival: Arrival, registration: Registration): void
}

interface Waiting {
  readonly arrival: Arrival
  readonly resolve: (registration: Registration) => void
  readonly reject: (cause: unknown) => void
}

/**
 * Registers arrivals with one commit for all that wait: while a commit holds the disk, the arrivals of other
 * associations gather for the next. A promise resolves only when the commit that holds its arrival is on disk.
 */
export class Journal {
  readonly #records: Pick<Records, 'intake' | 'transaction'>
  readonly #hooks: JournalHooks
  #waiting: Waiting[] = []
  #scheduled = false

  constructor(records: Pick<Records, 'intake' | 'transaction'>, hooks: JournalHooks) {
    this.#records = records
    this.#hooks = hooks
  }

  /** Registers one arrival. @throws what the database throws; nothing of the arrival is registered then. */
  register(arrival: Arrival): Promise<Registration> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ arrival, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      // After the poll phase: every file that was synced meanwhile joins this commit.
      setImmediate(() => {
        this.#commit()
      })
    })
  }

  #commit(): void {
    this.#scheduled = false
    const batch = this.#waiting
    this.#waiting = []
    try {
      this.#settle(batch)
    } catch (cause) {
      if (batch.length === 1) {
        batch[0]?.reject(cause)
        return
      }
      // One arrival that cannot be registered must not take the others with it.
      for (const one of batch) {
        try {
          this.#settle([one])
        } catch (own) {
          one.reject(own)
        }
      }
    }
  }

  #settle(batch: readonly Waiting[]): void {
    const registrations = this.#records.transaction(() =>
      batch.map((one) => {
        const registration = this.#records.intake.register(one.arrival)
        this.#hooks.within(one.arrival, registration)
        return registration
      }),
    )
    batch.forEach((one, index) => {
      const registration = registrations[index]
      if (registration === undefined) return
      this.#hooks.after(one.arrival, registration)
      one.resolve(registration)
    })
  }
}
