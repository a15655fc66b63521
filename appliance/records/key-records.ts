import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A study's key as it is kept: `wrapped` is null once it was destroyed. */
export interface WrappedKey {
  readonly keyId: number
  readonly wrapped: Uint8Array | null
}

export const SELECT_KEY_OF_STUDY = 'SELECT key_id AS keyId, wrapped FROM study_key WHERE study_id = ?'
export const SELECT_KEY = `
SELECT key_id AS keyId, CASE WHEN destroyed_at IS NULL THEN wrapped END AS wrapped FROM study_key WHERE key_id = ?`
export const INSERT_KEY = 'INSERT INTO study_key (study_id, wrapped) VALUES (?, ?)'
// As long as what was there, so that the bytes themselves are written over and not only let go.
export const DESTROY_KEY = `
UPDATE study_key SET wrapped = zeroblob(40), study_id = NULL, destroyed_at = ? WHERE study_id = ?`

/** The wrapped keys of studies. What wraps them is not here. */
export class KeyRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The key of a study, if it has one. */
  ofStudy(studyId: number): WrappedKey | undefined {
    return this.#sql.get(SELECT_KEY_OF_STUDY, studyId)
  }

  /** A key by its number. */
  find(keyId: number): WrappedKey | undefined {
    return this.#sql.get(SELECT_KEY, keyId)
  }

  /** Keeps a study's key. @param wrapped 40 bytes (RFC 3394). @returns its number, never used before. */
  add(studyId: number, wrapped: Uint8Array): number {
    return this.#sql.run(INSERT_KEY, studyId, wrapped).lastInsertRowid
  }

  /**
   * Destroys a study's key for good: no file of the study can be read once the transaction is on disk. Instances that
   * come later get a new key. @returns false when there was none.
   */
  destroy(studyId: number, at: number): boolean {
    return this.#sql.run(DESTROY_KEY, at, studyId).changes === 1
  }
}
