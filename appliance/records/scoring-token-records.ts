import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A program that may ask the scoring interface. The token itself is not kept. */
export interface ScoringTokenRow {
  readonly name: string
  readonly createdAt: number
  readonly createdBy: string
  readonly revokedAt: number | null
}

export const INSERT_SCORING_TOKEN = `
INSERT INTO scoring_token (token_digest, name, created_at, created_by) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO NOTHING`
export const SELECT_SCORING_TOKEN = `
SELECT name FROM scoring_token WHERE token_digest = ? AND revoked_at IS NULL`
export const SELECT_SCORING_TOKENS = `
SELECT name, created_at AS createdAt, created_by AS createdBy, revoked_at AS revokedAt FROM scoring_token
ORDER BY created_at, name`
export const REVOKE_SCORING_TOKEN = 'UPDATE scoring_token SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL'

/** Tokens of the scoring interface, by digest. */
export class ScoringTokenRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** @returns false when the name was given before: a name stays with one program for ever. */
  insert(digest: string, name: string, at: number, by: string): boolean {
    return this.#sql.run(INSERT_SCORING_TOKEN, digest, name, at, by).changes === 1
  }

  /** The name that a token was given to; undefined when there is none in force. */
  nameOf(digest: string): string | undefined {
    return this.#sql.get<{ name: string }>(SELECT_SCORING_TOKEN, digest)?.name
  }

  all(): readonly ScoringTokenRow[] {
    return this.#sql.all(SELECT_SCORING_TOKENS)
  }

  /** @returns false when there is no such token in force. */
  revoke(name: string, at: number): boolean {
    return this.#sql.run(REVOKE_SCORING_TOKEN, at, name).changes === 1
  }
}
