import type { Logger } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { PostgresDatabase } from './synchronous/database.ts'
import { HubDatabaseError } from './synchronous/errors.ts'

/** How often a hub that stands by asks whether nobody leads, and a leader whether it still does. */
const ASK_EVERY_MS = 1000

/** Why a hub has to begin anew. */
type LeadershipChange = 'may-lead' | 'deposed'

/**
 * Which of the hubs on one database does what may be done once only: timers, the broker, files. On SQLite there is one hub, and
 * it leads. On PostgreSQL the one leads that holds a lock of its session; when it dies, the server gives the lock back.
 */
export class Leadership {
  readonly #database: PostgresDatabase | undefined
  readonly #logger: Logger
  #timer: NodeJS.Timeout | undefined
  #leads: boolean

  constructor(database: Database.Database | PostgresDatabase, logger: Logger) {
    this.#database = database instanceof PostgresDatabase ? database : undefined
    this.#logger = logger
    this.#leads = this.#database === undefined
  }

  get leads(): boolean {
    return this.#leads
  }

  /** Tries to lead. Asked once more with the address when that is known. */
  claim(address: string): boolean {
    if (this.#database !== undefined) this.#leads = this.#database.lead(address)
    return this.#leads
  }

  /** Where the leader can be reached, for what only it may do. */
  leaderAddress(): string | undefined {
    return this.#database?.leaderAddress()
  }

  /** Watches until something changes, which is told once. */
  watch(onChange: (change: LeadershipChange) => void): void {
    const database = this.#database
    if (database === undefined) return
    this.#timer = setInterval(() => {
      const change = this.#changeOf(database)
      if (change === undefined) return
      this.stop()
      onChange(change)
    }, ASK_EVERY_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #changeOf(database: PostgresDatabase): LeadershipChange | undefined {
    if (database.inTransaction) return undefined
    try {
      if (!this.#leads) return database.lead('') ? 'may-lead' : undefined
      database.leaderAddress()
      return undefined
    } catch (error) {
      if (error instanceof HubDatabaseError && error.code === 'deposed') return 'deposed'
      this.#logger.warn('leadership.not-asked', { reason: error instanceof Error ? error.message : String(error) })
      return undefined
    }
  }
}
