import type { Database, Statement } from 'better-sqlite3'

/** Statements of one database, each compiled once. */
export class Prepared {
  readonly #database: Database
  readonly #statements = new Map<string, Statement>()

  constructor(database: Database) {
    this.#database = database
  }

  /** Runs a statement that changes rows. */
  run(sql: string, ...values: readonly unknown[]): { changes: number; lastInsertRowid: number } {
    const outcome = this.#of(sql).run(...values)
    return { changes: outcome.changes, lastInsertRowid: Number(outcome.lastInsertRowid) }
  }

  /** The first row, read as `Row`: the statement beside the call says which columns it has. */
  get<Row>(sql: string, ...values: readonly unknown[]): Row | undefined {
    return this.#of(sql).get(...values) as Row | undefined
  }

  /** All rows. */
  all<Row>(sql: string, ...values: readonly unknown[]): Row[] {
    return this.#of(sql).all(...values) as Row[]
  }

  #of(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}
