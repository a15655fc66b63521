import type { DuckDBConnection } from '@duckdb/node-api'
import { literal } from './duckdb.ts'
import type { LakeFiles } from './files.ts'
import { LAKE_TABLE_NAMES, LAKE_TABLES, type LakeTable } from './tables.ts'
import type { LakeFile } from './version.ts'

/** The files of every table, as one version of each has them. */
export type PinnedTables = ReadonlyMap<LakeTable, readonly LakeFile[]>

/**
 * Makes a view of each table over exactly the files of its version, with the partition columns `site` and `date`. A table
 * without files is there and empty.
 */
export async function createViews(connection: DuckDBConnection, files: LakeFiles, pinned: PinnedTables): Promise<void> {
  for (const table of LAKE_TABLE_NAMES) {
    const paths = (pinned.get(table) ?? []).map((file) => literal(files.pathOf(file)))
    await connection.run(`CREATE VIEW ${table} AS ${paths.length === 0 ? emptyOf(table) : readOf(table, paths)}`)
  }
}

function readOf(table: LakeTable, paths: readonly string[]): string {
  const columns = LAKE_TABLES[table].map((column) => column.name).join(', ')
  return `SELECT site, date, ${columns} FROM read_parquet([${paths.join(', ')}], hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true)`
}

function emptyOf(table: LakeTable): string {
  const columns = LAKE_TABLES[table].map((column) => `NULL::${column.type.toString()} AS ${column.name}`)
  return `SELECT NULL::VARCHAR AS site, NULL::VARCHAR AS date, ${columns.join(', ')} WHERE false`
}
