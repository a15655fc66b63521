import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'
import type { ModelState } from './vocabulary.ts'

/** One model version that the appliance knows. `approvals` and `statement` are JSON text as verified. */
export interface ModelRow {
  readonly digest: string
  readonly name: string
  readonly version: string
  readonly releaseCounter: number
  readonly state: ModelState
  readonly message: string | null
  readonly approvals: string
  readonly statement: string
  readonly changedAt: number
}

/** Something in a kit that was refused before it became a known model version. */
export interface RefusedKit {
  readonly kitDigest: string
  readonly path: string
  readonly code: string
  readonly message: string
  readonly refusedAt: number
}

const COLUMNS = `model_digest AS digest, model_name AS name, model_version AS version,
  release_counter AS releaseCounter, state, message, approvals, statement, changed_at AS changedAt`
export const SELECT_MODELS = `SELECT ${COLUMNS} FROM model ORDER BY model_name, release_counter DESC`
export const SELECT_MODEL = `SELECT ${COLUMNS} FROM model WHERE model_digest = ?`
export const SELECT_ACTIVE_MODELS = `SELECT ${COLUMNS} FROM model WHERE state = 'active' ORDER BY model_name`
export const UPSERT_MODEL = `
INSERT INTO model (model_digest, model_name, model_version, release_counter, state, message, approvals, statement,
  changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (model_digest) DO UPDATE SET state = excluded.state, message = excluded.message,
  approvals = excluded.approvals, statement = excluded.statement, release_counter = excluded.release_counter,
  changed_at = excluded.changed_at`
export const SET_MODEL_STATE = 'UPDATE model SET state = ?, message = ?, changed_at = ? WHERE model_digest = ?'
export const RETAIN_ACTIVE = `
UPDATE model SET state = 'retained', message = NULL, changed_at = ? WHERE model_name = ? AND state = 'active'`
export const SELECT_MARKS = 'SELECT content FROM high_water_marks WHERE only_row = 1'
export const PUT_MARKS = `
INSERT INTO high_water_marks (only_row, content) VALUES (1, ?)
ON CONFLICT (only_row) DO UPDATE SET content = excluded.content`
export const INSERT_REFUSED_KIT = `
INSERT INTO refused_kit (kit_digest, path, code, message, refused_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kit_digest) DO NOTHING`
export const SELECT_REFUSED_KITS = `
SELECT kit_digest AS kitDigest, path, code, message, refused_at AS refusedAt FROM refused_kit
ORDER BY refused_at DESC LIMIT 100`

/** Known model versions, refusals, and the marks below which no release is ever accepted again. */
export class ModelRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  all(): readonly ModelRow[] {
    return this.#sql.all(SELECT_MODELS)
  }

  active(): readonly ModelRow[] {
    return this.#sql.all(SELECT_ACTIVE_MODELS)
  }

  find(digest: string): ModelRow | undefined {
    return this.#sql.get(SELECT_MODEL, digest)
  }

  put(row: ModelRow): void {
    const { digest, name, version, releaseCounter, state, message, approvals, statement, changedAt } = row
    this.#sql.run(UPSERT_MODEL, digest, name, version, releaseCounter, state, message, approvals, statement, changedAt)
  }

  /** Makes one version the active one of its name; the one before is retained for rollback. Inside a transaction. */
  activate(digest: string, name: string, at: number): void {
    this.#sql.run(RETAIN_ACTIVE, at, name)
    this.#sql.run(SET_MODEL_STATE, 'active', null, at, digest)
  }

  setState(digest: string, state: ModelState, message: string | null, at: number): void {
    this.#sql.run(SET_MODEL_STATE, state, message, at, digest)
  }

  /** The stored marks as JSON text, or undefined when nothing was verified yet. */
  marks(): string | undefined {
    return this.#sql.get<{ content: string }>(SELECT_MARKS)?.content
  }

  putMarks(content: string): void {
    this.#sql.run(PUT_MARKS, content)
  }

  /** @returns true when this refusal was not known yet. */
  insertRefusedKit(row: RefusedKit): boolean {
    return (
      this.#sql.run(INSERT_REFUSED_KIT, row.kitDigest, row.path, row.code, row.message, row.refusedAt).changes === 1
    )
  }

  refusedKits(): readonly RefusedKit[] {
    return this.#sql.all(SELECT_REFUSED_KITS)
  }
}
