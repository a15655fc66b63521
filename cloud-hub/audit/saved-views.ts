import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { HubAudit } from './hub-audit.ts'

const LIST = 'SELECT name, query, saved_at AS savedAt FROM audit_view WHERE account = ? ORDER BY name'
const COUNT = 'SELECT count(*) AS views FROM audit_view WHERE account = ? AND name <> ?'
const SAVE = `INSERT INTO audit_view (account, name, query, saved_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (account, name) DO UPDATE SET query = excluded.query, saved_at = excluded.saved_at`
const REMOVE = 'DELETE FROM audit_view WHERE account = ? AND name = ?'

/** Views that one person may keep. */
const MOST_VIEWS = 100

/** A search under a name. `query` is JSON whose form belongs to the API. */
export interface SavedView {
  readonly name: string
  readonly query: string
  readonly savedAt: string
}

/** What a person has saved to look at again. Each account sees and changes its own views only. */
export class SavedViews {
  readonly #database: Database.Database
  readonly #audit: HubAudit
  readonly #clock: Clock

  constructor(database: Database.Database, audit: HubAudit, clock: Clock) {
    this.#database = database
    this.#audit = audit
    this.#clock = clock
  }

  /** The views of an account, by name. */
  list(account: string): readonly SavedView[] {
    return this.#database.prepare(LIST).all(account) as SavedView[]
  }

  /** Saves a view, or replaces the one of that name. @returns false when the account has its full number of views. */
  save(account: string, name: string, query: string): boolean {
    return this.#database.transaction(() => {
      const { views } = this.#database.prepare(COUNT).get(account, name) as { readonly views: number }
      if (views >= MOST_VIEWS) return false
      this.#database.prepare(SAVE).run(account, name, query, toIsoInstant(this.#clock.now()))
      this.#record(account, 'saved')
      return true
    })()
  }

  /** Removes a view. @returns false when there is none of that name. */
  remove(account: string, name: string): boolean {
    return this.#database.transaction(() => {
      if (this.#database.prepare(REMOVE).run(account, name).changes === 0) return false
      this.#record(account, 'removed')
      return true
    })()
  }

  #record(account: string, act: 'saved' | 'removed'): void {
    this.#audit.record({
      event: 'setting.changed',
      actor: { kind: 'person', id: account },
      subject: { kind: 'setting', id: 'audit.saved-view' },
      outcome: 'success',
      codes: [act],
    })
  }
}
