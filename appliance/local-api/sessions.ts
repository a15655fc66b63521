import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock, Randomness } from '@leadglass/sync-agent/foundation'
import { type AuditSink, EventBrake } from '../egress/index.ts'
import type { Records, Role } from '../records/index.ts'
import type { CurrentSettings } from '../settings.ts'
import { LocalApiError } from './errors.ts'
import { verifyNobody, verifyPassword } from './passwords.ts'

/** Who asks. `operator` is whoever holds the operator token: the local command line. */
export interface Caller {
  readonly account: string
  readonly role: Role | 'operator'
  /** The pseudonym in the log; null for the operator. */
  readonly person: string | null
  readonly expiresAt: number | null
}

export interface SessionDependencies {
  readonly records: Pick<Records, 'people' | 'transaction'>
  readonly operatorToken: string
  readonly settings: CurrentSettings
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
}

const MOST_FAILURES = 5
const LOCK_MS = 15 * 60_000
const IDLE_MS = 30 * 60_000
const TOUCH_MS = 30_000
const TOKEN_BYTES = 32

/** Signs people in and out. A session is a random token of which only the digest is kept. */
export class Sessions {
  readonly #dependencies: SessionDependencies
  readonly #refusals: EventBrake
  #turn: Promise<unknown> = Promise.resolve()

  constructor(dependencies: SessionDependencies) {
    this.#dependencies = dependencies
    this.#refusals = new EventBrake(dependencies.clock)
  }

  /**
   * One sign-in at a time: each takes memory on purpose, so that many at once must not add up.
   * @returns the token for the cookie, and who signed in.
   * @throws {LocalApiError} `sign-in-refused` or `account-locked`.
   */
  open(account: string, password: string): Promise<{ readonly token: string; readonly caller: Caller }> {
    const opened = this.#turn.then(() => this.#open(account, password))
    this.#turn = opened.catch(() => undefined)
    return opened
  }

  async #open(account: string, password: string): Promise<{ readonly token: string; readonly caller: Caller }> {
    const { records, clock, randomness, settings } = this.#dependencies
    const found = records.people.account(account)
    if (found === undefined) {
      await verifyNobody(password)
      this.#audit('session.refused', null, 'refused', ['unknown-account'])
      throw new LocalApiError('sign-in-refused')
    }
    if (found.lockedUntil > clock.now()) {
      this.#audit('session.refused', found.personId, 'refused', ['locked'])
      throw new LocalApiError('account-locked')
    }
    if (!(await verifyPassword(password, found.passwordHash))) {
      this.#countFailure(found.userName)
      throw new LocalApiError('sign-in-refused')
    }
    const at = clock.now()
    const expiresAt = at + settings().limits.sessionHours * 3_600_000
    const token = Buffer.from(randomness.bytes(TOKEN_BYTES)).toString('base64url')
    records.transaction(() => {
      records.people.setAttempts(found.personId, 0, 0)
      records.people.insertSession(digest(token), found.personId, at, expiresAt)
      this.#audit('session.opened', found.personId, 'success', [found.role])
    })
    return { token, caller: { account: found.userName, role: found.role, person: found.personId, expiresAt } }
  }

  /** Who holds a session token; undefined when the session ended, rested too long, or never was. */
  find(token: string): Caller | undefined {
    const { records, clock } = this.#dependencies
    const now = clock.now()
    const key = digest(token)
    const session = records.people.session(key)
    if (session === undefined || session.expiresAt <= now || now - session.usedAt > IDLE_MS) return undefined
    if (now - session.usedAt > TOUCH_MS) {
      records.transaction(() => {
        records.people.touchSession(key, now)
      })
    }
    return { account: session.userName, role: session.role, person: session.personId, expiresAt: session.expiresAt }
  }

  /** The operator, when the bearer token is the one in the secrets folder. */
  operator(token: string): Caller | undefined {
    const given = createHash('sha256').update(token).digest()
    const expected = createHash('sha256').update(this.#dependencies.operatorToken).digest()
    if (!timingSafeEqual(given, expected)) return undefined
    return { account: 'operator', role: 'operator', person: null, expiresAt: null }
  }

  close(token: string): void {
    const { records } = this.#dependencies
    const session = records.people.session(digest(token))
    if (session === undefined) return
    records.transaction(() => {
      records.people.deleteSession(digest(token))
      this.#audit('session.closed', session.personId, 'success', [])
    })
  }

  /** Counted from the row as it is now: guesses that ran at the same time all count. */
  #countFailure(account: string): void {
    const { records, clock } = this.#dependencies
    records.transaction(() => {
      const now = records.people.account(account)
      if (now === undefined) return
      const failures = now.failedAttempts + 1
      const locked = failures >= MOST_FAILURES
      records.people.setAttempts(now.personId, locked ? 0 : failures, locked ? clock.now() + LOCK_MS : 0)
      this.#audit('session.refused', now.personId, 'refused', ['wrong-password', ...(locked ? ['locked'] : [])])
    })
  }

  #audit(
    event: 'session.opened' | 'session.refused' | 'session.closed',
    person: string | null,
    outcome: 'success' | 'refused',
    codes: readonly string[],
  ): void {
    const actor =
      person === null ? ({ kind: 'system', id: 'local-api' } as const) : ({ kind: 'person', id: person } as const)
    const more = event === 'session.refused' ? this.#refusals.codes() : []
    if (more === undefined) return
    const { audit } = this.#dependencies
    audit.recordNow({ event, actor, subject: null, outcome, codes: [...codes, ...more] })
  }
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
