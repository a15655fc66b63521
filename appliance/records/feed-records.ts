import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** How far a repository is. Times in milliseconds since 1970. */
export interface FeedRow {
  /** The first entry of the log that it does not have for certain. */
  readonly next: number
  readonly takenAt: number | null
  /** It has taken nothing since; null while all is well. */
  readonly failingSince: number | null
  readonly failure: string | null
}

const READ = `
SELECT next_entry AS next, taken_at AS takenAt, failing_since AS failingSince, failure FROM audit_feed WHERE name = ?`
const TOOK = `
INSERT INTO audit_feed (name, next_entry, taken_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
next_entry = max(next_entry, excluded.next_entry), taken_at = excluded.taken_at, failing_since = NULL, failure = NULL`
const FAILED = `
INSERT INTO audit_feed (name, failing_since, failure) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
failing_since = coalesce(failing_since, excluded.failing_since), failure = excluded.failure`

const NOTHING: FeedRow = { next: 0, takenAt: null, failingSince: null, failure: null }

/** Places of the repositories in the audit log. Each change is one statement. */
export class FeedRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Of a repository that is new: nothing sent yet. */
  read(name: string): FeedRow {
    return this.#sql.get<FeedRow>(READ, name) ?? NOTHING
  }

  /** The repository has every entry before `next`. */
  took(name: string, next: number, at: number): void {
    this.#sql.run(TOOK, name, next, at)
  }

  /** It took nothing more. @param failure a code. */
  failed(name: string, failure: string, at: number): void {
    this.#sql.run(FAILED, name, at, failure)
  }
}
