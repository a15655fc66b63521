import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** What a pseudonym stands for: a patient or a study. */
export type VaultEntryKind = 'patient' | 'study'

/** One entry as it is kept. `salt` is null once it was erased: the entry can then be read by nobody. */
export interface VaultEntryRow {
  readonly number: number
  readonly kind: VaultEntryKind
  readonly pseudonym: string
  readonly enteredAt: number
  readonly sealed: Uint8Array
  readonly hash: Uint8Array
}

/** A person who holds a share of the vault's key. */
export interface VaultPersonRow {
  readonly personId: string
  readonly shareNumber: number
  readonly salt: Uint8Array
  readonly cost: number
  readonly sealedShare: Uint8Array
}

/** Whose a study is, with the pseudonyms in force. Identifying. */
export interface VaultSubject {
  readonly studyInstanceUid: string
  readonly studyPseudonym: string
  readonly patientPseudonym: string
  readonly patientIssuer: string
  readonly patientId: string
}

/** An opening of the vault, as the site keeps it. */
export interface VaultOpeningRow {
  readonly opening: number
  readonly pseudonym: string
  readonly firstPerson: string
  readonly secondPerson: string
  readonly reason: string
  readonly openedAt: number
}

export const SELECT_READABLE = 'SELECT 1 FROM vault_salt WHERE pseudonym = ? AND erased_at IS NULL LIMIT 1'
export const SELECT_LAST_ENTRY = `
SELECT number, hash FROM vault_entry WHERE number = (SELECT max(number) FROM vault_entry)`
const ENTRY_COLUMNS = 'number, kind, pseudonym, entered_at AS enteredAt, sealed, hash'
export const SELECT_NEWEST_OF_PSEUDONYM = `
SELECT ${ENTRY_COLUMNS} FROM vault_entry WHERE pseudonym = ? ORDER BY number DESC LIMIT 1`
export const SELECT_ENTRIES = `SELECT ${ENTRY_COLUMNS} FROM vault_entry WHERE number > ? ORDER BY number LIMIT ?`
const SELECT_SALT = 'SELECT salt FROM vault_salt WHERE number = ? AND erased_at IS NULL'
const INSERT_ENTRY = `
INSERT INTO vault_entry (number, kind, pseudonym, entered_at, sealed, hash) VALUES (?, ?, ?, ?, ?, ?)`
const INSERT_SALT = 'INSERT INTO vault_salt (number, pseudonym, salt) VALUES (?, ?, ?)'
export const SELECT_SUBJECT = `
SELECT study_instance_uid AS studyInstanceUid, study_pseudonym AS studyPseudonym, patient_pseudonym AS patientPseudonym,
  patient_issuer AS patientIssuer, patient_id AS patientId
FROM study WHERE study_id = ? AND study_instance_uid NOT LIKE 'purged:%'`
export const SELECT_STUDIES_NOT_ENTERED = `
SELECT study_id AS studyId FROM study s WHERE study_id > ? AND study_instance_uid NOT LIKE 'purged:%'
AND (NOT EXISTS (SELECT 1 FROM vault_salt v WHERE v.pseudonym = s.study_pseudonym AND v.erased_at IS NULL)
  OR NOT EXISTS (SELECT 1 FROM vault_salt v WHERE v.pseudonym = s.patient_pseudonym AND v.erased_at IS NULL))
ORDER BY study_id LIMIT ?`
export const SELECT_GENERATION_OF_STUDY = 'SELECT generation FROM study WHERE study_id = ?'
const SELECT_GENERATION = `
SELECT ifnull(max(generation), 1) AS generation FROM pseudonym_generation WHERE in_force_at IS NOT NULL`
const SELECT_OPENED_GENERATION = `
SELECT generation FROM pseudonym_generation WHERE in_force_at IS NULL ORDER BY generation LIMIT 1`
const OPEN_GENERATION = `
INSERT INTO pseudonym_generation (generation, opened_by, confirmed_by, reason, opened_at) VALUES (?, ?, ?, ?, ?)`
const PUT_IN_FORCE = `
UPDATE pseudonym_generation SET in_force_at = ? WHERE generation = ? AND in_force_at IS NULL`
const COUNT_PATIENT_HOLDS = `
SELECT count(*) AS count FROM legal_hold WHERE patient_pseudonym IS NOT NULL AND lifted_at IS NULL`
const SELECT_KEY = 'SELECT public_key AS publicKey FROM vault_key'
const INSERT_KEY = 'INSERT INTO vault_key (only_row, public_key, made_at) VALUES (1, ?, ?)'
const SELECT_PERSONS = `
SELECT person_id AS personId, share_number AS shareNumber, salt, cost, sealed_share AS sealedShare
FROM vault_person ORDER BY share_number`
const INSERT_PERSON = `
INSERT INTO vault_person (person_id, share_number, salt, cost, sealed_share, enrolled_at) VALUES (?, ?, ?, ?, ?, ?)`
const COUNT_SALTS = `
SELECT count(*) AS entries, count(erased_at) AS erased FROM vault_salt`
const INSERT_OPENING = `
INSERT INTO vault_opening (pseudonym, first_person, second_person, reason, opened_at) VALUES (?, ?, ?, ?, ?)`
const SELECT_OPENINGS = `
SELECT opening, pseudonym, first_person AS firstPerson, second_person AS secondPerson, reason, opened_at AS openedAt
FROM vault_opening ORDER BY opening DESC LIMIT ?`

/** The vault's rows. What is in the entries can be read with the key only, which is not here. */
export class VaultRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The generation of pseudonyms in force. */
  generation(): number {
    return this.#sql.get<{ generation: number }>(SELECT_GENERATION)?.generation ?? 1
  }

  /** The generation under which a study has its pseudonyms. */
  generationOf(studyId: number): number {
    return this.#sql.get<{ generation: number }>(SELECT_GENERATION_OF_STUDY, studyId)?.generation ?? 1
  }

  /** A generation that was opened and is not in force yet. */
  openedGeneration(): number | undefined {
    return this.#sql.get<{ generation: number }>(SELECT_OPENED_GENERATION)?.generation
  }

  openGeneration(generation: number, by: string, confirmedBy: string, reason: string, at: number): void {
    this.#sql.run(OPEN_GENERATION, generation, by, confirmedBy, reason, at)
  }

  /** @returns false when it was in force already. */
  putInForce(generation: number, at: number): boolean {
    return this.#sql.run(PUT_IN_FORCE, at, generation).changes === 1
  }

  /** Legal holds that name a patient by the pseudonym. */
  patientHolds(): number {
    return this.#sql.get<{ count: number }>(COUNT_PATIENT_HOLDS)?.count ?? 0
  }

  /** The vault's public key; undefined while nobody was enrolled. */
  publicKey(): Uint8Array | undefined {
    return this.#sql.get<{ publicKey: Uint8Array }>(SELECT_KEY)?.publicKey
  }

  setPublicKey(publicKey: Uint8Array, at: number): void {
    this.#sql.run(INSERT_KEY, publicKey, at)
  }

  persons(): readonly VaultPersonRow[] {
    return this.#sql.all(SELECT_PERSONS)
  }

  addPerson({ personId, shareNumber, salt, cost, sealedShare }: VaultPersonRow, at: number): void {
    this.#sql.run(INSERT_PERSON, personId, shareNumber, salt, cost, sealedShare, at)
  }

  /** True when a pseudonym has an entry that can be read. */
  isReadable(pseudonym: string): boolean {
    return this.#sql.get(SELECT_READABLE, pseudonym) !== undefined
  }

  /** Number and hash of the last entry. */
  last(): { readonly number: number; readonly hash: Uint8Array } | undefined {
    return this.#sql.get(SELECT_LAST_ENTRY)
  }

  newestOf(pseudonym: string): VaultEntryRow | undefined {
    return this.#sql.get(SELECT_NEWEST_OF_PSEUDONYM, pseudonym)
  }

  entriesAfter(number: number, limit: number): readonly VaultEntryRow[] {
    return this.#sql.all(SELECT_ENTRIES, number, limit)
  }

  /** The salt of an entry; undefined once it was erased. */
  salt(number: number): Uint8Array | undefined {
    return this.#sql.get<{ salt: Uint8Array }>(SELECT_SALT, number)?.salt
  }

  append(entry: VaultEntryRow, salt: Uint8Array): void {
    const { number, kind, pseudonym, enteredAt, sealed, hash } = entry
    this.#sql.run(INSERT_ENTRY, number, kind, pseudonym, enteredAt, sealed, hash)
    this.#sql.run(INSERT_SALT, number, pseudonym, salt)
  }

  /** Whose a study is; undefined when it was purged. */
  subject(studyId: number): VaultSubject | undefined {
    return this.#sql.get(SELECT_SUBJECT, studyId)
  }

  /** Studies of which a pseudonym has no readable entry. */
  notEntered(afterStudyId: number, limit: number): readonly { readonly studyId: number }[] {
    return this.#sql.all(SELECT_STUDIES_NOT_ENTERED, afterStudyId, limit)
  }

  counts(): { readonly entries: number; readonly erased: number } {
    return this.#sql.get<{ entries: number; erased: number }>(COUNT_SALTS) ?? { entries: 0, erased: 0 }
  }

  /** @returns the opening's number. */
  addOpening(pseudonym: string, first: string, second: string, reason: string, at: number): number {
    return this.#sql.run(INSERT_OPENING, pseudonym, first, second, reason, at).lastInsertRowid
  }

  openings(limit: number): readonly VaultOpeningRow[] {
    return this.#sql.all(SELECT_OPENINGS, limit)
  }
}
