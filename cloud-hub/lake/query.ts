import { join } from 'node:path'
import { type DuckDBConnection, StatementType } from '@duckdb/node-api'
import { literal, withDuckDb } from './duckdb.ts'
import { LakeError } from './errors.ts'
import type { LakeFiles } from './files.ts'
import { POINT_IN_TIME } from './point-in-time.ts'
import { createViews, type PinnedTables } from './views.ts'

/** After this long a query is interrupted. */
const WITHIN_MS = 55_000

/** The answer to a query; cells as JSON can say them. */
export interface QueryAnswer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** True when there were more rows than the limit. */
  readonly truncated: boolean
}

/**
 * Runs one SELECT over the tables of the lake. DuckDB may open files of the lake only, and the statement may not change the
 * settings by which that is so.
 * @throws {LakeError} `query-refused` for anything but one SELECT, `query-failed` with DuckDB's own words.
 */
export async function runQuery(
  folder: string,
  files: LakeFiles,
  pinned: PinnedTables,
  sql: string,
  limit: number,
): Promise<QueryAnswer> {
  return withDuckDb(async (connection) => {
    await createViews(connection, files, pinned)
    for (const macro of POINT_IN_TIME) await connection.run(macro)
    await connection.run(`SET allowed_directories = [${literal(`${join(folder, 'tables')}/`)}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    await assertSelect(connection, sql)
    const timer = setTimeout(() => connection.interrupt(), WITHIN_MS)
    try {
      const reader = await connection.runAndReadUntil(sql, limit + 1)
      const rows = reader.getRowsJson()
      return { columns: reader.columnNames(), rows: rows.slice(0, limit), truncated: rows.length > limit }
    } catch (cause) {
      throw failed(cause)
    } finally {
      clearTimeout(timer)
    }
  })
}

async function assertSelect(connection: DuckDBConnection, sql: string): Promise<void> {
  const statements = await connection.extractStatements(sql).catch((cause: unknown) => {
    throw failed(cause)
  })
  if (statements.count !== 1) throw refused('it is not one statement')
  const statement = await statements.prepare(0).catch((cause: unknown) => {
    throw failed(cause)
  })
  if (statement.statementType !== StatementType.SELECT) throw refused('it is no SELECT')
}

function refused(why: string): LakeError {
  return new LakeError('query-refused', 'permanent', {
    message: `the query was refused: ${why}`,
    effect: 'nothing was read',
    nextStep: 'ask with one SELECT over the tables of the lake',
  })
}

function failed(cause: unknown): LakeError {
  return new LakeError('query-failed', 'permanent', {
    message: cause instanceof Error ? (cause.message.split('\n')[0] ?? 'the query failed') : 'the query failed',
    effect: 'nothing was changed',
    nextStep: 'correct the query; "DESCRIBE" is not needed, docs/lake.md lists the columns',
    cause,
  })
}
