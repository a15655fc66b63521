import type Database from 'better-sqlite3'

/**
 * What the hub's rooms use of a database, on SQLite and on PostgreSQL alike. They are written against better-sqlite3's types,
 * of which this is the subset that both keep; `hub-database.test.ts` holds the rooms to it.
 */
export type HubDatabase = Pick<
  Database.Database,
  'prepare' | 'transaction' | 'pragma' | 'inTransaction' | 'open' | 'name'
> & {
  exec(source: string): unknown
  close(): unknown
}
/** What they use of a statement. */
export type HubStatement = Pick<
  Database.Statement,
  'run' | 'get' | 'all' | 'iterate' | 'pluck' | 'raw' | 'source' | 'reader'
>
