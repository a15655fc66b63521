import { timingSafeEqual } from 'node:crypto'
import { personIdentifier } from '@leadglass/sync-agent/contract'
import { type Clock, digestOf, type Randomness, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { HubRole } from '@leadglass/ui/contract/hub-api'
import type Database from 'better-sqlite3'
import { ApiError } from '../errors.ts'
import { hashPassword, verifyPassword } from './password.ts'

/** Roles that an account can have. `operator` is nobody's account: it is whoever can read the operator token. */
export type AccountRole = Exclude<HubRole, 'operator'>

/** Who speaks to the hub. */
export interface Caller {
  readonly account: string
  readonly role: HubRole
  /** SHA-256 of the session's token; null for the operator. */
  readonly session: string | null
}

const ATTEMPTS = 5
const PAUSE_MS = 15 * 60_000
const IDLE_MS = 30 * 60_000
const LONGEST_MS = 12 * 3_600_000
const TOKEN_BYTES = 32
/** A password older than this signs nothing until its owner has changed it (21 CFR 11.300(b)). */
const PASSWORD_LASTS_MS = 180 * 86_400_000
const SHORTEST_PASSWORD = 12
/** Sign-ins under way at a time; each takes 19 MiB and tens of milliseconds. */
const MOST_AT_ONCE = 8
/** Verified against when there is no such account, so that both answers take the same time. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

interface AccountRow {
  readonly role: AccountRole
  readonly password_hash: string
  readonly failed_attempts: number
  readonly paused_until: number
}

const READ = 'SELECT role, password_hash, failed_attempts, paused_until FROM account WHERE account = ?'
const ADD = `INSERT INTO account (account, role, password_hash, created_at, password_set_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (account) DO NOTHING`
const SET_PASSWORD = 'UPDATE account SET password_hash = ?, password_set_at = ? WHERE account = ?'
const READ_PASSWORD_AGE = 'SELECT password_set_at FROM account WHERE account = ?'
const FAILED = 'UPDATE account SET failed_attempts = ?, paused_until = ? WHERE account = ?'
const OPEN = 'INSERT INTO session (token_digest, account, opened_at, last_used_at) VALUES (?, ?, ?, ?)'
const CLOSE = 'DELETE FROM session WHERE token_digest = ?'
const EXPIRE = 'DELETE FROM session WHERE last_used_at < ? OR opened_at < ?'
const READ_SESSION = `SELECT s.account, a.role FROM session s JOIN account a USING (account)
  WHERE s.token_digest = ? AND s.last_used_at >= ? AND s.opened_at >= ?`
const USE = 'UPDATE session SET last_used_at = ? WHERE token_digest = ?'

/** What came of giving a password again for one act. `locked`: this failure was the one too many. */
export type Reauthentication =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong' | 'locked' | 'paused' | 'password-too-old' }

/** Names under `hub.` are the hub's own, such as the author of runs that nobody asked for: nobody signs in or signs as one. */
const accountName = personIdentifier.refine((name) => !name.startsWith('hub.'), {
  message: 'names that begin with hub. are the hub’s own',
})

/** Accounts, sign-in and sessions. */
export class Accounts {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #randomness: Randomness
  #underWay = 0

  constructor(database: Database.Database, clock: Clock, randomness: Randomness) {
    this.#database = database
    this.#clock = clock
    this.#randomness = randomness
  }

  /** Adds an account. @returns false when it is there already; its password then stays as it is. */
  async add(account: string, role: AccountRole, password: string): Promise<boolean> {
    accountName.parse(account)
    const hash = await hashPassword(password, this.#randomness)
    const at = toIsoInstant(this.#clock.now())
    return this.#database.prepare(ADD).run(account, role, hash, at, at).changes === 1
  }

  has(account: string): boolean {
    return this.#database.prepare(READ).get(account) !== undefined
  }

  /** The role of an account; undefined when there is none. */
  roleOf(account: string): AccountRole | undefined {
    return (this.#database.prepare(READ).get(account) as AccountRow | undefined)?.role
  }

  /** Opens a session. @returns its token, shown once. @throws {ApiError} `sign-in-refused`, `sign-in-paused`. */
  async signIn(account: string, password: string): Promise<{ readonly token: string; readonly role: AccountRole }> {
    const row = this.#database.prepare(READ).get(account) as AccountRow | undefined
    const now = this.#clock.now()
    if (row !== undefined && row.paused_until > now) {
      throw new ApiError('sign-in-paused', 'this account is paused after too many failures')
    }
    const right = await this.#verify(password, row?.password_hash ?? NOBODY)
    if (row === undefined || !right) {
      if (row !== undefined) this.#failed(account, row, now)
      throw new ApiError('sign-in-refused', 'account or password is wrong')
    }
    this.#database.prepare(FAILED).run(0, 0, account)
    this.#database.prepare(EXPIRE).run(now - IDLE_MS, now - LONGEST_MS)
    const token = Buffer.from(this.#randomness.bytes(TOKEN_BYTES)).toString('base64url')
    this.#database.prepare(OPEN).run(digestOf(token), account, now, now)
    return { token, role: row.role }
  }

  /**
   * Verifies a password for one act, without a session. Failures count together with those of the sign-in, so guessing in
   * one place locks the other too (21 CFR 11.300(d)).
   */
  async reauthenticate(account: string, password: string): Promise<Reauthentication> {
    const row = this.#database.prepare(READ).get(account) as AccountRow | undefined
    if (row !== undefined && row.paused_until > this.#clock.now()) return { kind: 'paused' }
    const right = await this.#verify(password, row?.password_hash ?? NOBODY)
    if (row === undefined || !right) return this.countFailure(account)
    const set = this.#database.prepare(READ_PASSWORD_AGE).get(account) as { readonly password_set_at: string }
    if (this.#clock.now() - Date.parse(set.password_set_at) > PASSWORD_LASTS_MS) return { kind: 'password-too-old' }
    return { kind: 'right' }
  }

  /** Forgets the failures of an account once an act with all its components is complete; a right password alone is none. */
  clearFailures(account: string): void {
    this.#database.prepare(FAILED).run(0, 0, account)
  }

  /** Counts a failed attempt of an account; also one of the other component of a signature. */
  countFailure(account: string): Reauthentication {
    const row = this.#database.prepare(READ).get(account) as AccountRow | undefined
    if (row === undefined) return { kind: 'wrong' }
    this.#failed(account, row, this.#clock.now())
    return { kind: row.failed_attempts + 1 >= ATTEMPTS ? 'locked' : 'wrong' }
  }

  /**
   * Exchanges one's own password. Nobody can set another's (21 CFR 11.200(a)(3)); every other session of the account ends.
   * @param session the session that stays; null for none.
   * @throws {ApiError} `sign-in-refused`, `sign-in-paused`, `request-invalid` for a new password that is short or the old one.
   */
  async changePassword(account: string, password: string, next: string, session: string | null): Promise<void> {
    const outcome = await this.reauthenticate(account, password)
    if (outcome.kind === 'paused' || outcome.kind === 'locked') {
      throw new ApiError('sign-in-paused', 'this account is paused after too many failures')
    }
    if (outcome.kind === 'wrong') throw new ApiError('sign-in-refused', 'the present password is wrong')
    if ([...next].length < SHORTEST_PASSWORD || next === password) {
      throw new ApiError(
        'request-invalid',
        `a new password has at least ${SHORTEST_PASSWORD} characters and is not the old one`,
      )
    }
    const hash = await hashPassword(next, this.#randomness)
    this.#database.transaction(() => {
      this.#database.prepare(SET_PASSWORD).run(hash, toIsoInstant(this.#clock.now()), account)
      this.#database.prepare('DELETE FROM session WHERE account = ? AND token_digest <> ?').run(account, session ?? '')
    })()
  }

  /** Who holds a session token; undefined when it is unknown, unused for half an hour, or older than twelve hours. */
  callerOf(token: string): Caller | undefined {
    const now = this.#clock.now()
    const session = digestOf(token)
    const row = this.#database.prepare(READ_SESSION).get(session, now - IDLE_MS, now - LONGEST_MS) as
      | { readonly account: string; readonly role: AccountRole }
      | undefined
    if (row === undefined) return undefined
    this.#database.prepare(USE).run(now, session)
    return { ...row, session }
  }

  /** Ends a session. */
  signOut(session: string): void {
    this.#database.prepare(CLOSE).run(session)
  }

  async #verify(password: string, hash: string): Promise<boolean> {
    if (this.#underWay >= MOST_AT_ONCE) throw new ApiError('sign-in-paused', 'too many people are signing in at once')
    this.#underWay += 1
    try {
      return await verifyPassword(password, hash)
    } finally {
      this.#underWay -= 1
    }
  }

  #failed(account: string, row: AccountRow, now: number): void {
    const failures = row.failed_attempts + 1
    if (failures >= ATTEMPTS) this.#database.prepare(FAILED).run(0, now + PAUSE_MS, account)
    else this.#database.prepare(FAILED).run(failures, 0, account)
  }
}

/** True when `token` is the one whose SHA-256 is `digest`. Takes the same time for every wrong token. */
export function isToken(token: string, digest: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(token), 'hex'), Buffer.from(digest, 'hex'))
}
