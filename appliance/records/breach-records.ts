import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

const CREATE = 'INSERT INTO breach_case DEFAULT VALUES'
const IDS = 'SELECT case_id AS id FROM breach_case ORDER BY case_id DESC'
const APPEND = 'INSERT INTO breach_step (case_id, at, by, step) VALUES (?, ?, ?, ?)'
export const SELECT_BREACH_STEPS = 'SELECT at, by, step FROM breach_step WHERE case_id = ? ORDER BY step_id'

/** A step as it is kept: JSON, with who added it and when (milliseconds since 1970). */
export interface BreachStepRow {
  readonly at: number
  readonly by: string
  readonly step: string
}

/** Steps of cases of suspected breaches. Every change belongs into the caller's transaction. */
export class BreachRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** @returns the number of a new case. */
  create(): number {
    return this.#sql.run(CREATE).lastInsertRowid
  }

  /** Numbers of all cases, the newest first. */
  ids(): readonly number[] {
    return this.#sql.all<{ id: number }>(IDS).map(({ id }) => id)
  }

  append(id: number, { at, by, step }: BreachStepRow): void {
    this.#sql.run(APPEND, id, at, by, step)
  }

  /** In the order in which they were added; none of a case that there is not. */
  steps(id: number): readonly BreachStepRow[] {
    return this.#sql.all<BreachStepRow>(SELECT_BREACH_STEPS, id)
  }
}
