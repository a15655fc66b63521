import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBListValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { LakeCell, LakeColumn } from './tables.ts'

/** Rows of one data chunk; DuckDB's own vector size. */
const CHUNK_ROWS = 2048
/** Beyond this DuckDB writes to `spill` instead of taking more memory. */
export const MEMORY_LIMIT = '1GB'

/** How a connection works: where it may spill, and how many threads it has. */
export interface DuckDbOptions {
  /** Folder for what does not fit into memory; nothing is spilled without one. */
  readonly spill?: string
  readonly threads?: number
}

/**
 * Runs `act` on a database in memory that ends with it. One thread unless told otherwise: the order of rows in a file,
 * and with it the file's digest, is then the same each time.
 */
export async function withDuckDb<T>(
  act: (connection: DuckDBConnection) => Promise<T>,
  { spill, threads = 1 }: DuckDbOptions = {},
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: MEMORY_LIMIT,
    ...(spill === undefined ? {} : { temp_directory: spill }),
  })
  try {
    const connection = await instance.connect()
    try {
      return await act(connection)
    } finally {
      connection.closeSync()
    }
  } finally {
    instance.closeSync()
  }
}

/** The rows of a query as objects, 64-bit integers as numbers: counts and ids stay far below 2^53. */
export async function rowsOf<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql)
  return reader
    .getRowObjectsJS()
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
      ),
    ) as Row[]
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** `CREATE TABLE` for columns of the lake. */
export function createTable(name: string, columns: readonly LakeColumn[]): string {
  return `CREATE TEMP TABLE ${name} (${columns.map((column) => `${column.name} ${column.type.toString()}`).join(', ')})`
}

/** Appends rows by whole vectors; value by value, an embedding of a thousand numbers costs fifty times as much. */
export async function appendRows(
  connection: DuckDBConnection,
  table: string,
  columns: readonly LakeColumn[],
  rows: readonly (readonly LakeCell[])[],
): Promise<void> {
  const types: readonly DuckDBType[] = columns.map((column) => column.type)
  const appender = await connection.createAppender(table)
  for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
    const part = rows.slice(from, from + CHUNK_ROWS)
    const chunk = DuckDBDataChunk.create([...types], part.length)
    chunk.setColumns(columns.map((_, column) => part.map((row) => cellValue(row[column] ?? null))))
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}

function cellValue(cell: LakeCell): DuckDBValue {
  if (cell === null || typeof cell !== 'object') return cell
  // The vector reads items by index only; a copy into an array of boxed numbers would be the slowest step of all.
  return new DuckDBListValue(cell as unknown as readonly number[])
}
