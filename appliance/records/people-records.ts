import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'
import type { Role } from './vocabulary.ts'

/** A person who may sign in. `personId` is the pseudonym under which the person appears in the log. */
export interface Account {
  readonly personId: string
  readonly userName: string
  readonly role: Role
  readonly passwordHash: string
  readonly failedAttempts: number
  readonly lockedUntil: number
}

/** A signed-in person. Times are milliseconds since 1970. */
export interface SessionRow {
  readonly personId: string
  readonly userName: string
  readonly role: Role
  readonly usedAt: number
  readonly expiresAt: number
}

export const SELECT_ACCOUNT = `
SELECT person_id AS personId, user_name AS userName, role, password_hash AS passwordHash,
  failed_attempts AS failedAttempts, locked_until AS lockedUntil FROM account WHERE user_name = ?`
export const INSERT_ACCOUNT = `
INSERT INTO account (person_id, user_name, role, password_hash, created_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING`
export const SET_PASSWORD =
  'UPDATE account SET password_hash = ?, failed_attempts = 0, locked_until = 0 WHERE person_id = ?'
export const SET_ATTEMPTS = 'UPDATE account SET failed_attempts = ?, locked_until = ? WHERE person_id = ?'
export const INSERT_SESSION = `
INSERT INTO session (token_digest, person_id, created_at, used_at, expires_at) VALUES (?, ?, ?, ?, ?)`
export const SELECT_SESSION = `
SELECT s.person_id AS personId, a.user_name AS userName, a.role, s.used_at AS usedAt, s.expires_at AS expiresAt
FROM session s JOIN account a ON a.person_id = s.person_id WHERE s.token_digest = ?`
export const TOUCH_SESSION = 'UPDATE session SET used_at = ? WHERE token_digest = ?'
export const DELETE_SESSION = 'DELETE FROM session WHERE token_digest = ?'
export const DELETE_SESSIONS_OF_PERSON = 'DELETE FROM session WHERE person_id = ?'
export const DELETE_EXPIRED_SESSIONS = 'DELETE FROM session WHERE expires_at < ?'

/** Accounts and sessions. */
export class PeopleRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  account(userName: string): Account | undefined {
    return this.#sql.get(SELECT_ACCOUNT, userName)
  }

  /** @returns false when the user name or the person exists already; nothing is changed then. */
  insertAccount(account: Omit<Account, 'failedAttempts' | 'lockedUntil'>, at: number): boolean {
    const { personId, userName, role, passwordHash } = account
    return this.#sql.run(INSERT_ACCOUNT, personId, userName, role, passwordHash, at).changes === 1
  }

  /** Another password; failures are forgotten, and sessions end. */
  setPassword(personId: string, passwordHash: string): void {
    this.#sql.run(SET_PASSWORD, passwordHash, personId)
    this.#sql.run(DELETE_SESSIONS_OF_PERSON, personId)
  }

  setAttempts(personId: string, failedAttempts: number, lockedUntil: number): void {
    this.#sql.run(SET_ATTEMPTS, failedAttempts, lockedUntil, personId)
  }

  insertSession(tokenDigest: string, personId: string, at: number, expiresAt: number): void {
    this.#sql.run(DELETE_EXPIRED_SESSIONS, at)
    this.#sql.run(INSERT_SESSION, tokenDigest, personId, at, at, expiresAt)
  }

  session(tokenDigest: string): SessionRow | undefined {
    return this.#sql.get(SELECT_SESSION, tokenDigest)
  }

  touchSession(tokenDigest: string, at: number): void {
    this.#sql.run(TOUCH_SESSION, at, tokenDigest)
  }

  deleteSession(tokenDigest: string): void {
    this.#sql.run(DELETE_SESSION, tokenDigest)
  }
}
