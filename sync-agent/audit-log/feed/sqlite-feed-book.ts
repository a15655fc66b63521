import type Database from 'better-sqlite3'
import type { FeedBook, FeedRow } from './feed-book.ts'

/** Up to which entry of the audit log a repository has everything. Part of a migration: never edited. */
export const AUDIT_FEED_SCHEMA = `
CREATE TABLE audit_feed (
  name          TEXT PRIMARY KEY,
  next_entry    INTEGER NOT NULL DEFAULT 0 CHECK (next_entry >= 0),
  taken_at      INTEGER,
  failing_since INTEGER,
  failure       TEXT
) STRICT, WITHOUT ROWID;
`

const READ = `
SELECT next_entry AS next, taken_at AS takenAt, failing_since AS failingSince, failure FROM audit_feed WHERE name = ?`
const TOOK = `
INSERT INTO audit_feed (name, next_entry, taken_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
next_entry = max(next_entry, excluded.next_entry), taken_at = excluded.taken_at, failing_since = NULL, failure = NULL`
const FAILED = `
INSERT INTO audit_feed (name, failing_since, failure) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
failing_since = coalesce(failing_since, excluded.failing_since), failure = excluded.failure`

const NOTHING: FeedRow = { next: 0, takenAt: null, failingSince: null, failure: null }

/** The places in the database of the log. Each change is one statement. */
export class SqliteFeedBook implements FeedBook {
  readonly #read: Database.Statement<[string]>
  readonly #took: Database.Statement<[string, number, number]>
  readonly #failed: Database.Statement<[string, number, string]>

  /** @param database has {@link AUDIT_FEED_SCHEMA}. */
  constructor(database: Database.Database) {
    this.#read = database.prepare(READ)
    this.#took = database.prepare(TOOK)
    this.#failed = database.prepare(FAILED)
  }

  read(name: string): FeedRow {
    return (this.#read.get(name) as FeedRow | undefined) ?? NOTHING
  }

  took(name: string, next: number, at: number): void {
    this.#took.run(name, next, at)
  }

  failed(name: string, failure: string, at: number): void {
    this.#failed.run(name, at, failure)
  }
}
