import type { HubDatabase } from '../hub-database.ts'
import type { PostgresDatabase } from '../synchronous/database.ts'

/** A table as both databases have it. */
export interface MovedTable {
  readonly name: string
  /** Sorted. */
  readonly columns: readonly string[]
  /** The primary key: the order in which rows are read, the same on both. */
  readonly key: readonly string[]
}

const SQLITE_TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`
const SQLITE_COLUMNS = 'SELECT name, pk FROM pragma_table_info(?) ORDER BY name'
const POSTGRES_COLUMNS = `SELECT c.relname, a.attname, coalesce(array_position(i.indkey::int2[], a.attnum), -1)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
  WHERE c.relnamespace = 'leadglass_hub'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'leadglass_%'
  ORDER BY c.relname COLLATE "C", a.attname COLLATE "C"`

/** The tables of a hub on SQLite. */
export function sqliteTables(database: HubDatabase): MovedTable[] {
  const names = database.prepare<[], { name: string }>(SQLITE_TABLES).all()
  const columns = database.prepare<[string], { name: string; pk: number }>(SQLITE_COLUMNS)
  return names.map(({ name }) =>
    tableOf(
      name,
      columns.all(name).map((one) => [one.name, one.pk]),
    ),
  )
}

/** The tables of a hub on PostgreSQL. */
export function postgresTables(database: PostgresDatabase): MovedTable[] {
  const byTable = Map.groupBy(database.nativeRows(POSTGRES_COLUMNS), ([table]) => String(table))
  return [...byTable].map(([name, rows]) =>
    // array_position counts an int2vector from 0.
    tableOf(
      name,
      rows.map(([, column, at]) => [String(column), Number(at) + 1]),
    ),
  )
}

function tableOf(name: string, columns: readonly (readonly [string, number])[]): MovedTable {
  const keyed = columns.filter(([, at]) => at > 0).sort((a, b) => a[1] - b[1])
  const all = columns.map(([column]) => column)
  return { name, columns: all, key: keyed.length > 0 ? keyed.map(([column]) => column) : all }
}
