import type { Migration } from '@leadglass/sync-agent/foundation/database'
import pg from 'pg'

/** "LEADGLAS" as a number: the advisory lock under which one hub at a time changes the schema. */
const MIGRATION_LOCK = '5495311742286908755'
const CREATE_LEDGER = `CREATE TABLE IF NOT EXISTS leadglass_migration (
  number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`
const READ_LEDGER = 'SELECT coalesce(max(number), 0) AS last FROM leadglass_migration'
const WRITE_LEDGER = 'INSERT INTO leadglass_migration (number, name) VALUES ($1, $2)'

/** A commit is on disk when it returns, whatever the server's own default is. */
const SESSION = 'SET synchronous_commit = on'
const CONNECT_TIMEOUT_MS = 10_000
/** Longer than any ingest transaction; a server that hangs must not hold the hub for ever. */
const STATEMENT_TIMEOUT_MS = 60_000
const INT8_OID = 20

/** A pool of connections to the hub's PostgreSQL database. */
export type PostgresPool = pg.Pool
export type PostgresClient = pg.PoolClient

/**
 * Opens a pool and brings the schema up to the last migration, all steps in one transaction under an advisory lock, so
 * that two hubs that start at once do not meet.
 * @param onLost called when an idle connection breaks; the next use opens another.
 * @throws when the server cannot be reached, or its schema is newer than this program.
 */
export async function openPostgres(
  url: string,
  migrations: readonly Migration[],
  onLost: (reason: string) => void,
): Promise<PostgresPool> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'leadglass-hub',
    types: { getTypeParser: typeParser },
  })
  pool.on('error', (error) => onLost(error.message))
  pool.on('connect', (client) => void client.query(SESSION).catch((error: unknown) => onLost(String(error))))
  try {
    await inTransaction(pool, (client) => migrate(client, migrations))
    return pool
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** Counts and ids stay far below 2^53. */
function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8_OID) return Number
  return (format === 'binary' ? pg.types.getTypeParser(oid, format) : pg.types.getTypeParser(oid)) as (
    value: string,
  ) => unknown
}

/** Runs `work` in one transaction; when it throws, nothing of it stays. */
export async function inTransaction<T>(pool: PostgresPool, work: (client: PostgresClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure))
    })
    throw error
  } finally {
    client.release(broken)
  }
}

async function migrate(client: PostgresClient, migrations: readonly Migration[]): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
  await client.query(CREATE_LEDGER)
  const { rows } = await client.query<{ readonly last: number }>(READ_LEDGER)
  const current = rows[0]?.last ?? 0
  const last = migrations.at(-1)?.number ?? 0
  if (current > last) {
    throw new Error(`the database is at schema ${current}, this program knows schema ${last}: start the newer program`)
  }
  for (const { number, name, sql } of migrations) {
    if (number <= current) continue
    await client.query(sql)
    await client.query(WRITE_LEDGER, [number, name])
  }
}
