import { createHash, timingSafeEqual } from 'node:crypto'
import { type ApproverRole, approverRole } from '@leadglass/sync-agent/contract'
import { type Clock, type Randomness, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { tufKey } from './approver-key.ts'

/** Where the private half lies: a file under a passphrase, a browser that gives it to nobody, a token. */
export const signingKeyKind = z.enum(['file', 'browser', 'pkcs11'])
export type SigningKeyKind = z.infer<typeof signingKeyKind>

/** `pending`: others must confirm it. `active`: may sign once the custodians list it. `revoked`: never again. */
export type SigningKeyState = 'pending' | 'active' | 'revoked'

/** One approver's key as the hub knows it. */
export interface SigningKey {
  readonly keyid: string
  readonly person: string
  readonly role: ApproverRole
  readonly printedName: string
  readonly publicKey: string
  readonly kind: SigningKeyKind
  readonly state: SigningKeyState
  readonly enrolledAt: string
  /** Who confirmed that the key is that person's. */
  readonly confirmedBy: readonly string[]
  /** Confirmations that it needs: one for a first key, two other people to replace a revoked one. */
  readonly needed: number
  readonly revokedAt: string | null
  readonly revokedBy: string | null
  readonly revokedWhy: string | null
}

/** Why an act on a key was refused. */
export type KeyRefusal =
  | 'unknown-key'
  | 'key-known'
  | 'own-key'
  | 'wrong-code'
  | 'code-spent'
  | 'not-pending'
  | 'already-confirmed'
  | 'revoked'

const row = z.object({
  keyid: z.string(),
  person: z.string(),
  role: approverRole,
  printed_name: z.string(),
  public_key: z.string(),
  kind: signingKeyKind,
  enrolled_at: z.string(),
  code_digest: z.string().nullable(),
  code_until: z.number().nullable(),
  needed: z.number(),
  revoked_at: z.string().nullable(),
  revoked_by: z.string().nullable(),
  revoked_why: z.string().nullable(),
})

const CODE_LASTS_MS = 15 * 60_000
/** Wrong codes after which a code is good for nothing, and its owner asks for a new one. */
const MOST_WRONG_CODES = 5
const SQL_NEW_CODE = 'UPDATE signing_key SET code_digest = ?, code_until = ? WHERE keyid = ?'
const SQL_INSERT = `INSERT INTO signing_key
  (keyid, person, role, printed_name, public_key, kind, enrolled_at, code_digest, code_until, needed)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

/** A key that somebody brings, and whose it is. */
export interface NewSigningKey {
  readonly person: string
  readonly role: ApproverRole
  readonly printedName: string
  /** 64 hexadecimal digits. */
  readonly publicKey: string
  readonly kind: SigningKeyKind
}

/**
 * Approvers' keys: enrolled by their owner, confirmed by others with a code that the owner tells them in person, revoked at
 * once when lost (21 CFR 11.300(c)). The offline custodians have the last word: a key that they do not list signs nothing.
 */
export class KeyBook {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #randomness: Randomness
  /** Wrong codes by key. A start of the hub forgets them; of 2^40 codes that leaves nobody a chance in fifteen minutes. */
  readonly #wrong = new Map<string, number>()

  constructor(options: {
    readonly database: Database.Database
    readonly clock: Clock
    readonly randomness: Randomness
  }) {
    this.#database = options.database
    this.#clock = options.clock
    this.#randomness = options.randomness
  }

  /** Takes over the keys of the key ceremony, which the custodians saw themselves. Known keys stay as they are. */
  adopt(approvers: readonly Omit<NewSigningKey, 'kind'>[]): void {
    for (const approver of approvers) this.#insert({ ...approver, kind: 'file' }, null, 0)
  }

  /**
   * Brought again by its owner while it waits, a key gets a new code: the one before was lost, spent or too old.
   * @returns the code for the people who confirm, told once; or why not.
   */
  enrol(
    key: NewSigningKey,
  ):
    | { readonly kind: 'enrolled'; readonly keyid: string; readonly code: string }
    | { readonly kind: 'refused'; readonly reason: KeyRefusal } {
    const replaces = this.all().some((one) => one.person === key.person && one.state === 'revoked')
    const code = Buffer.from(this.#randomness.bytes(5)).toString('hex')
    const keyid = keyIdOf(tufKey(key.publicKey))
    if (!this.#insert(key, code, replaces ? 2 : 1)) {
      const known = this.find(keyid)
      if (known?.state !== 'pending' || !isSameKey(known, key)) return { kind: 'refused', reason: 'key-known' }
      this.#database.prepare(SQL_NEW_CODE).run(digest(code), this.#clock.now() + CODE_LASTS_MS, keyid)
    }
    this.#wrong.delete(keyid)
    return { kind: 'enrolled', keyid, code }
  }

  /** A second person says that the key is its owner's. @returns the reason of a refusal, undefined when it counts. */
  confirm(keyid: string, person: string, code: string): KeyRefusal | undefined {
    const found = this.#row(keyid)
    const key = this.find(keyid)
    if (found === undefined || key === undefined) return 'unknown-key'
    if (key.state === 'revoked') return 'revoked'
    if (key.state !== 'pending') return 'not-pending'
    // 21 CFR 11.200(a)(3): use by anyone else needs the collaboration of two people, so nobody vouches for oneself.
    if (key.person === person) return 'own-key'
    if (key.confirmedBy.includes(person)) return 'already-confirmed'
    if (found.code_digest === null) return 'code-spent'
    const right = timingSafeEqual(Buffer.from(digest(code), 'hex'), Buffer.from(found.code_digest, 'hex'))
    if (!right || (found.code_until ?? 0) < this.#clock.now()) return this.#countWrong(keyid)
    this.#database
      .prepare('INSERT INTO signing_key_confirmation (keyid, person, at) VALUES (?, ?, ?)')
      .run(keyid, person, toIsoInstant(this.#clock.now()))
    return undefined
  }

  /** A lost or doubtful key: from now on nothing that it signs counts here. */
  revoke(keyid: string, person: string, reason: string): KeyRefusal | undefined {
    const key = this.find(keyid)
    if (key === undefined) return 'unknown-key'
    if (key.state === 'revoked') return 'revoked'
    this.#database
      .prepare('UPDATE signing_key SET revoked_at = ?, revoked_by = ?, revoked_why = ? WHERE keyid = ?')
      .run(toIsoInstant(this.#clock.now()), person, reason, keyid)
    return undefined
  }

  find(keyid: string): SigningKey | undefined {
    const found = this.#row(keyid)
    return found === undefined ? undefined : this.#key(found)
  }

  /** Every key that there ever was, by person. */
  all(): SigningKey[] {
    const rows = z
      .array(row)
      .parse(this.#database.prepare('SELECT * FROM signing_key ORDER BY person, enrolled_at').all())
    return rows.map((one) => this.#key(one))
  }

  /** 21 CFR 11.300(d): nobody may try codes until one fits. */
  #countWrong(keyid: string): KeyRefusal {
    const wrong = (this.#wrong.get(keyid) ?? 0) + 1
    this.#wrong.set(keyid, wrong)
    if (wrong < MOST_WRONG_CODES) return 'wrong-code'
    this.#database.prepare(SQL_NEW_CODE).run(null, null, keyid)
    return 'code-spent'
  }

  #insert(key: NewSigningKey, code: string | null, needed: number): boolean {
    const until = code === null ? null : this.#clock.now() + CODE_LASTS_MS
    const result = this.#database
      .prepare(SQL_INSERT)
      .run(
        keyIdOf(tufKey(key.publicKey)),
        key.person,
        key.role,
        key.printedName,
        key.publicKey,
        key.kind,
        toIsoInstant(this.#clock.now()),
        code === null ? null : digest(code),
        until,
        needed,
      )
    return result.changes === 1
  }

  #row(keyid: string): z.infer<typeof row> | undefined {
    const found = this.#database.prepare('SELECT * FROM signing_key WHERE keyid = ?').get(keyid)
    return found === undefined ? undefined : row.parse(found)
  }

  #key(found: z.infer<typeof row>): SigningKey {
    const confirmedBy = z
      .array(z.object({ person: z.string() }))
      .parse(
        this.#database
          .prepare('SELECT person FROM signing_key_confirmation WHERE keyid = ? ORDER BY at')
          .all(found.keyid),
      )
      .map((one) => one.person)
    const pending = confirmedBy.length < found.needed ? 'pending' : 'active'
    return {
      keyid: found.keyid,
      person: found.person,
      role: found.role,
      printedName: found.printed_name,
      publicKey: found.public_key,
      kind: found.kind,
      state: found.revoked_at === null ? pending : 'revoked',
      enrolledAt: found.enrolled_at,
      confirmedBy,
      needed: found.needed,
      revokedAt: found.revoked_at,
      revokedBy: found.revoked_by,
      revokedWhy: found.revoked_why,
    }
  }
}

function isSameKey(known: SigningKey, key: NewSigningKey): boolean {
  const { person, role, printedName, kind } = known
  return person === key.person && role === key.role && printedName === key.printedName && kind === key.kind
}

function digest(code: string): string {
  return createHash('sha256').update(code).digest('hex')
}
