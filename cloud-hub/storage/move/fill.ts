import type Database from 'better-sqlite3'
import type { HubDatabase } from '../hub-database.ts'
import type { PostgresDatabase } from '../synchronous/database.ts'
import { MoveError } from './errors.ts'
import { copyTable } from './rows.ts'
import type { MovedTable } from './tables.ts'

const OTHERS = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
  AND pid <> pg_backend_pid() AND application_name = 'leadglass-hub'`
const ATTEMPTS = 10
const WHOLE_TABLES_MS = 3_600_000
const FOREIGN_KEYS = `SELECT format('%s ALTER CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
  WHERE connamespace = 'leadglass_hub'::regnamespace AND contype = 'f'`
const IDENTITIES = `SELECT c.relname, a.attname, pg_get_serial_sequence(format('leadglass_hub.%I', c.relname), a.attname)
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = 'leadglass_hub'::regnamespace AND c.relkind = 'r' AND a.attidentity <> ''`
const TRIGGERS = `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`

/** @throws {MoveError} `hub-runs` when another connection of a hub is open. */
export function assertNobodyElse(database: PostgresDatabase): void {
  for (let attempt = 0; database.nativeRows(OTHERS)[0]?.[0] !== 0; attempt++) {
    if (attempt === ATTEMPTS) throw new MoveError('hub-runs', 'a hub is connected to the database')
    // A connection that was just closed is there for a moment.
    database.nativeRows('SELECT pg_sleep(0.2)')
  }
}

/**
 * Fills PostgreSQL's tables, in the transaction that is open. Triggers rest, since what they would write is copied; keys between
 * tables are checked at the end, whatever the order of the tables.
 */
export function fillPostgres(
  source: HubDatabase,
  target: PostgresDatabase,
  tables: readonly MovedTable[],
  onRows: (rows: number) => void,
): void {
  const keys = target.nativeRows(FOREIGN_KEYS).map(([text]) => `ALTER TABLE ${String(text)}`)
  const all = (statements: readonly string[]): void => {
    if (statements.length > 0) target.native(statements.join('; '))
  }
  all(keys.map((key) => `${key} DEFERRABLE INITIALLY DEFERRED`))
  all(tables.map(({ name }) => `ALTER TABLE ${name} DISABLE TRIGGER USER`))
  for (const table of tables) copyTable(source, target, table, onRows)
  // Every row of every key is looked at here.
  target.native('SET LOCAL statement_timeout = 0; SET CONSTRAINTS ALL IMMEDIATE', WHOLE_TABLES_MS)
  all(tables.map(({ name }) => `ALTER TABLE ${name} ENABLE TRIGGER USER`))
  all(keys.map((key) => `${key} NOT DEFERRABLE`))
  for (const row of target.nativeRows(IDENTITIES)) {
    const [table = '', column = '', sequence = ''] = row.map(String)
    target.nativeRows(`SELECT setval('${sequence}', coalesce(max(${column}), 0) + 1, false) FROM ${table}`)
  }
}

/** Fills SQLite's tables, in a transaction of its own. @throws {MoveError} when a key between tables does not hold. */
export function fillSqlite(
  source: HubDatabase,
  target: Database.Database,
  tables: readonly MovedTable[],
  onRows: (rows: number) => void,
): void {
  target.transaction(() => {
    // Until the commit, not row by row (sqlite.org/pragma.html, defer_foreign_keys).
    target.pragma('defer_foreign_keys = ON')
    const triggers = target.prepare<[], { name: string; sql: string }>(TRIGGERS).all()
    for (const { name } of triggers) target.exec(`DROP TRIGGER ${name}`)
    for (const table of tables) copyTable(source, target, table, onRows)
    for (const { sql } of triggers) target.exec(sql)
    if ((target.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw new MoveError('not-equal', 'a row names one that is not there')
    }
  })()
}
