import type { AuditActor } from '@leadglass/sync-agent/audit-log'
import type { Clock, Randomness } from '@leadglass/sync-agent/foundation'
import type { AuditSink } from '../egress/index.ts'
import type { Records, VaultEntryRow, VaultPersonRow } from '../records/index.ts'
import { makeVaultKey, openEntry, publicKeyOf, type VaultContent } from './entry.ts'
import { VaultError, type VaultErrorCode } from './errors.ts'
import { openShare, SHARE_COST, sealShare } from './sealed-share.ts'
import { combineShares, type SharedSecret, shareOf } from './shares.ts'

/** The second person confirms within this time, in milliseconds. */
export const CONFIRM_WITHIN_MS = 5 * 60_000

export interface VaultCeremonyDependencies {
  readonly records: Pick<Records, 'vault' | 'transaction'>
  readonly audit: AuditSink
  readonly clock: Clock
  readonly randomness: Randomness
  /** scrypt's N of new shares; the product's own unless told. */
  readonly cost?: number
}

/** A person with a passphrase. `person` is the pseudonym of the account. */
export interface Holder {
  readonly person: string
  readonly passphrase: string
}

/** Two people who act together. The second is asked only when the first has shown who he is. */
export interface TwoPeople {
  readonly first: Holder
  readonly second: { readonly person: string; passphrase(): Promise<string> }
}

/** What was opened, and the number of the opening. */
export interface Opened {
  readonly opening: number
  readonly content: VaultContent
  /** The patient behind a study's pseudonym, where that entry can still be read. */
  readonly patient: VaultContent | undefined
}

/** Where people get shares of the vault's key, and where two of them open an entry. Each act stands in the audit log. */
export class VaultCeremony {
  readonly #dependencies: VaultCeremonyDependencies

  constructor(dependencies: VaultCeremonyDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Makes the vault's key and gives each person a share; any two will open it. The key itself is kept nowhere.
   * @throws {VaultError} `already-enrolled`, `too-few-people`, `passphrase-too-short`.
   */
  async enrol(people: readonly Holder[]): Promise<void> {
    const { records, clock, randomness, cost = SHARE_COST } = this.#dependencies
    if (records.vault.publicKey() !== undefined) throw new VaultError('already-enrolled')
    if (people.length < 2 || new Set(people.map((one) => one.person)).size !== people.length) {
      throw new VaultError('too-few-people')
    }
    const { secret, publicKey } = makeVaultKey()
    const line = { secret, slope: randomness.bytes(secret.length) }
    const rows: VaultPersonRow[] = []
    for (const [index, { person, passphrase }] of people.entries()) {
      rows.push(await sealShare(person, shareOf(line, index + 1), passphrase, randomness, cost))
    }
    const at = clock.now()
    records.transaction(() => {
      // Asked again: another process may have been quicker while passphrases were stretched.
      if (records.vault.publicKey() !== undefined) throw new VaultError('already-enrolled')
      records.vault.setPublicKey(publicKey, at)
      for (const row of rows) {
        records.vault.addPerson(row, at)
        this.#enrolled(row.personId, [])
      }
    })
    secret.fill(0)
  }

  /** Gives one more person a share, by two who have one. @throws {VaultError} */
  async add(newcomer: Holder, two: TwoPeople): Promise<void> {
    const { records, clock, randomness, cost = SHARE_COST } = this.#dependencies
    const persons = records.vault.persons()
    if (persons.some((one) => one.personId === newcomer.person)) throw new VaultError('already-enrolled')
    const line = await this.#together(two, null)
    const number = Math.max(...persons.map((one) => one.shareNumber)) + 1
    const row = await sealShare(newcomer.person, shareOf(line, number), newcomer.passphrase, randomness, cost)
    line.secret.fill(0)
    records.transaction(() => {
      records.vault.addPerson(row, clock.now())
      this.#enrolled(newcomer.person, [byCode(two.first.person), withCode(two.second.person)])
    })
  }

  /**
   * Two people show that they hold shares, for an act that is not an opening.
   * @throws {VaultError} `not-enrolled`, `same-person`, `person-unknown`, `wrong-passphrase`, `too-late`.
   */
  async confirm(two: TwoPeople): Promise<void> {
    const line = await this.#together(two, null)
    line.secret.fill(0)
  }

  /**
   * Opens the newest entry of a pseudonym. The audit log has who, with whom, which pseudonym and the number of the opening
   * before anybody sees the content; the reason as typed is in the record at the site.
   * @throws {VaultError}
   */
  async open(pseudonym: string, reason: string, two: TwoPeople): Promise<Opened> {
    const { records, audit, clock } = this.#dependencies
    const line = await this.#together(two, pseudonym)
    const refuse = (code: VaultErrorCode): VaultError => this.#refused(code, two.first.person, pseudonym)
    const entry = records.vault.newestOf(pseudonym)
    if (entry === undefined) throw refuse('pseudonym-unknown')
    const content = this.#read(line.secret, entry)
    if (content === undefined) throw refuse('entry-erased')
    const holder = content.kind === 'study' ? records.vault.newestOf(content.patient) : undefined
    const patient = holder === undefined ? undefined : this.#read(line.secret, holder)
    line.secret.fill(0)
    const [first, second] = [two.first.person, two.second.person]
    const opening = records.transaction(() => {
      const number = records.vault.addOpening(pseudonym, first, second, reason, clock.now())
      audit.record({
        event: 'identity.opened',
        actor: actorOf(first),
        subject: { kind: entry.kind, id: pseudonym },
        outcome: 'success',
        codes: [`opening-${number}`, withCode(second)],
      })
      return number
    })
    return { opening, content, patient }
  }

  #read(secret: Uint8Array, entry: VaultEntryRow): VaultContent | undefined {
    const salt = this.#dependencies.records.vault.salt(entry.number)
    return salt === undefined ? undefined : openEntry(secret, entry, salt)
  }

  async #together({ first, second }: TwoPeople, pseudonym: string | null): Promise<SharedSecret> {
    const { records, clock } = this.#dependencies
    const publicKey = records.vault.publicKey()
    if (publicKey === undefined) throw new VaultError('not-enrolled')
    if (first.person === second.person) throw this.#refused('same-person', first.person, pseudonym)
    const persons = records.vault.persons()
    const [one, two] = [first.person, second.person].map((id) => persons.find((row) => row.personId === id))
    if (one === undefined) throw this.#refused('person-unknown', first.person, pseudonym)
    if (two === undefined) throw this.#refused('person-unknown', second.person, pseudonym)
    const share = await openShare(one, first.passphrase).catch((cause: unknown) => {
      throw this.#denied(cause, first.person, pseudonym)
    })
    const begun = clock.now()
    const confirmation = await second.passphrase()
    if (clock.now() - begun > CONFIRM_WITHIN_MS) throw this.#refused('too-late', second.person, pseudonym)
    const other = await openShare(two, confirmation).catch((cause: unknown) => {
      throw this.#denied(cause, second.person, pseudonym)
    })
    const line = combineShares(share, other)
    if (Buffer.compare(publicKeyOf(line.secret), publicKey) !== 0) throw new VaultError('vault-damaged')
    return line
  }

  #denied(cause: unknown, person: string, pseudonym: string | null): unknown {
    return cause instanceof VaultError ? this.#refused(cause.code, person, pseudonym) : cause
  }

  #refused(code: VaultErrorCode, person: string, pseudonym: string | null): VaultError {
    const kind = pseudonym === null ? undefined : this.#dependencies.records.vault.newestOf(pseudonym)?.kind
    this.#dependencies.audit.recordNow({
      event: 'identity.opened',
      actor: actorOf(person),
      subject: kind === undefined || pseudonym === null ? null : { kind, id: pseudonym },
      outcome: 'refused',
      codes: [code],
    })
    return new VaultError(code)
  }

  #enrolled(person: string, codes: readonly string[]): void {
    this.#dependencies.audit.record({
      event: 'vault.enrolled',
      actor: { kind: 'system', id: 'vault' },
      subject: { kind: 'person', id: person },
      outcome: 'success',
      codes,
    })
  }
}

function actorOf(person: string): AuditActor {
  return { kind: 'person', id: person }
}

/** The second person as a code of the vocabulary. */
function withCode(person: string): string {
  return `with-${person}`
}

function byCode(person: string): string {
  return `by-${person}`
}
