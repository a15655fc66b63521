import type { Migration } from '@leadglass/sync-agent/foundation/database'
import { PostgresDatabase } from './database.ts'
import { HubDatabaseError } from './errors.ts'
import { SQLITE_FUNCTIONS } from './functions.ts'

/** Everything of the hub lies in a schema of its own, beside whatever else the database holds. */
const IS_MADE = `SELECT to_regclass('leadglass_hub.leadglass_schema') IS NOT NULL`
const MAKE = `CREATE SCHEMA IF NOT EXISTS leadglass_hub;
${SQLITE_FUNCTIONS}
CREATE TABLE leadglass_schema (one bigint PRIMARY KEY CHECK (one = 1), version bigint NOT NULL);
INSERT INTO leadglass_schema (one, version) VALUES (1, 0);
CREATE TABLE leadglass_leader (one bigint PRIMARY KEY CHECK (one = 1), term bigint NOT NULL, address text NOT NULL)`

/**
 * Opens the hub's database on PostgreSQL, makes its schema and brings it up to the last migration, in one transaction a step.
 * The migrations are SQLite's own.
 * @throws {HubDatabaseError} when the server cannot be reached, or its schema is newer than this program.
 */
export function openPostgresDatabase(url: string, migrations: readonly Migration[]): PostgresDatabase {
  const database = new PostgresDatabase(url)
  try {
    make(database)
    database.refreshCatalog()
    migrate(database, migrations)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Whether a hub has been made in the database. */
function isHubThere(database: PostgresDatabase): boolean {
  return database.nativeRows(IS_MADE)[0]?.[0] === 1
}

function make(database: PostgresDatabase): void {
  if (isHubThere(database)) return
  database.transaction(() => {
    // Another hub may have made it while this one waited for the lock.
    if (!isHubThere(database)) database.native(MAKE)
  })()
}

function migrate(database: PostgresDatabase, migrations: readonly Migration[]): void {
  const current = Number(database.pragma('user_version'))
  const last = migrations.at(-1)?.number ?? 0
  if (current > last) {
    const message = `the database is at schema ${current}, this program knows schema ${last}`
    throw new HubDatabaseError('schema-newer', message)
  }
  for (const { number, sql } of migrations) {
    if (number <= current) continue
    database.transaction(() => {
      if (number <= Number(database.pragma('user_version'))) return
      database.exec(sql)
      database.pragma(`user_version = ${number}`)
    })()
  }
}
