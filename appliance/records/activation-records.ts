import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A version on its way into use. `state` is one of the activation machine's. */
export interface ActivationRow {
  readonly digest: string
  readonly name: string
  readonly releaseCounter: number
  readonly state: string
  readonly attempts: number
  readonly previous: string | null
  /** Why it was taken back or given up, in words. */
  readonly reason: string | null
  /** Files that it scored in its trial, and how many of them failed. */
  readonly runs: number
  readonly errors: number
  readonly enteredAt: number
}

const COLUMNS = `model_digest AS digest, model_name AS name, release_counter AS releaseCounter, state, attempts, previous,
  reason, runs, errors, entered_at AS enteredAt`
export const SELECT_ACTIVATION = `SELECT ${COLUMNS} FROM activation WHERE model_digest = ?`
export const SELECT_OPEN_ACTIVATIONS = `
SELECT ${COLUMNS} FROM activation WHERE state NOT IN ('committed', 'quarantined') ORDER BY entered_at, model_digest`
export const SELECT_ACTIVATIONS = `SELECT ${COLUMNS} FROM activation ORDER BY model_name, entered_at DESC LIMIT 200`
export const PUT_ACTIVATION = `
INSERT INTO activation (model_digest, model_name, release_counter, state, attempts, previous, reason, runs, errors,
  entered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (model_digest) DO UPDATE SET release_counter = excluded.release_counter, state = excluded.state,
  attempts = excluded.attempts, previous = excluded.previous, reason = excluded.reason, runs = excluded.runs,
  errors = excluded.errors, entered_at = excluded.entered_at`
export const COUNT_TRIAL_RUN = `
UPDATE activation SET runs = runs + ?, errors = errors + ? WHERE model_digest = ? AND state = 'trial'`
export const SELECT_RUN = 'SELECT started_at AS startedAt FROM activation_run WHERE one = 1'
export const PUT_RUN = `
INSERT INTO activation_run (one, started_at) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET started_at = excluded.started_at`
export const DELETE_RUN = 'DELETE FROM activation_run'

/** Where versions are on their way into use. */
export class ActivationRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  find(digest: string): ActivationRow | undefined {
    return this.#sql.get(SELECT_ACTIVATION, digest)
  }

  /** Those that go on by themselves, oldest first. */
  open(): readonly ActivationRow[] {
    return this.#sql.all(SELECT_OPEN_ACTIVATIONS)
  }

  all(): readonly ActivationRow[] {
    return this.#sql.all(SELECT_ACTIVATIONS)
  }

  put(row: ActivationRow): void {
    const { digest, name, releaseCounter, state, attempts, previous, reason, runs, errors, enteredAt } = row
    this.#sql.run(
      PUT_ACTIVATION,
      digest,
      name,
      releaseCounter,
      state,
      attempts,
      previous,
      reason,
      runs,
      errors,
      enteredAt,
    )
  }

  /** Counts work of a version in its trial; of any other nothing. */
  count(digest: string, runs: number, errors: number): void {
    this.#sql.run(COUNT_TRIAL_RUN, runs, errors, digest)
  }

  /** Notes that the process runs. @returns true when the run before it was never ended in order. */
  beginRun(at: number): boolean {
    const isCutOff = this.#sql.get(SELECT_RUN) !== undefined
    this.#sql.run(PUT_RUN, at)
    return isCutOff
  }

  endRun(): void {
    this.#sql.run(DELETE_RUN)
  }
}
