import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { syncFolder } from '@leadglass/sync-agent/foundation'
import { type Migration, openDatabase } from '@leadglass/sync-agent/foundation/database'
import Database from 'better-sqlite3'
import type { HubDatabase } from '../hub-database.ts'
import { inboxMarkOf, placeFileOf, postgresUrl, readPlace, sqlitePathOf, writePlace } from '../place.ts'
import type { PostgresDatabase } from '../synchronous/database.ts'
import { openPostgresDatabase } from '../synchronous/open.ts'
import { MoveError } from './errors.ts'
import { assertNobodyElse, fillPostgres, fillSqlite } from './fill.ts'
import { digestOfTable, type TableDigest } from './rows.ts'
import { type MovedTable, postgresTables, sqliteTables } from './tables.ts'

/** What is to be moved, and where to. */
export interface MoveRequest {
  /** The hub's folder. */
  readonly folder: string
  readonly to: { readonly kind: 'sqlite' } | { readonly kind: 'postgres'; readonly url: string }
  readonly migrations: readonly Migration[]
  /** Rows done of rows in all. */
  readonly onProgress?: (done: number, total: number) => void
}

/** What was moved. Both sides had these counts and digests before the hub was told. */
export interface MoveReport {
  readonly from: 'sqlite' | 'postgres'
  readonly to: 'sqlite' | 'postgres'
  readonly rows: number
  readonly tables: readonly ({ readonly table: string } & TableDigest)[]
}

/**
 * Moves the records of a hub that does not run. The copy is one transaction, or a file that gets its name last; only when every
 * table has the same rows on both sides is the hub told, by one file. Killed at any instant, the hub is on the database on which
 * it was, and the move can be repeated; killed between the copy and the file, the next run finds both equal and tells the hub.
 * @throws {MoveError}
 */
export async function moveHubDatabase(request: MoveRequest): Promise<MoveReport> {
  const { folder, to } = request
  const place = readPlace(folder)
  if (place.kind === to.kind) throw new MoveError('already-there', `the hub is on ${to.kind} already`)
  if (to.kind === 'postgres') return toPostgres(request, postgresUrl.parse(to.url))
  if (place.kind === 'sqlite') throw new MoveError('already-there', 'the hub is on sqlite already')
  return toSqlite(request, place.url)
}

async function toPostgres(request: MoveRequest, url: string): Promise<MoveReport> {
  const { folder, migrations } = request
  const path = sqlitePathOf(folder)
  if (!existsSync(path)) throw new MoveError('no-hub', 'there is no hub in the folder')
  if (existsSync(inboxMarkOf(folder)))
    throw new MoveError('inbox-elsewhere', 'the inbox of this hub is on PostgreSQL already')
  openDatabase({ path, migrations }).close()
  const source = openAlone(path)
  try {
    const target = openPostgresDatabase(url, migrations)
    try {
      assertNobodyElse(target)
      const tables = sameTables(sqliteTables(source), postgresTables(target))
      const expected = digests(source, tables)
      if (!isEmpty(target, tables)) finishIfEqual(target, tables, expected)
      else {
        target.transaction(() => {
          fillPostgres(source, target, tables, progressOf(request, expected))
          assertEqual(expected, digests(target, tables))
        })()
      }
      await writePlace(folder, url)
      await setAside(source, path)
      return reportOf('sqlite', 'postgres', expected)
    } finally {
      target.close()
    }
  } finally {
    source.close()
  }
}

async function toSqlite(request: MoveRequest, url: string): Promise<MoveReport> {
  const { folder, migrations } = request
  const path = sqlitePathOf(folder)
  if (existsSync(path)) throw new MoveError('target-not-empty', 'there is a hub.db in the folder already')
  const unfinished = `${path}.moving`
  for (const end of ['', '-wal', '-shm']) await rm(`${unfinished}${end}`, { force: true })
  const source = openPostgresDatabase(url, migrations)
  try {
    assertNobodyElse(source)
    const target = openDatabase({ path: unfinished, migrations })
    let expected: ReadonlyMap<string, TableDigest>
    try {
      const tables = sameTables(postgresTables(source), sqliteTables(target))
      // The lock of a transaction keeps every hub out while its rows are read.
      expected = source.transaction(() => {
        const before = digests(source, tables)
        fillSqlite(source, target, tables, progressOf(request, before))
        assertEqual(before, digests(target, tables))
        return before
      })()
      target.pragma('journal_mode = DELETE')
    } finally {
      target.close()
    }
    // The file is whole before its name says so, and the hub goes by database.json until that is gone.
    await rename(unfinished, path)
    await syncFolder(folder)
    await rm(placeFileOf(folder))
    await syncFolder(folder)
    return reportOf('postgres', 'sqlite', expected)
  } finally {
    source.close()
  }
}

/** Opens the file for this process alone: in WAL, leaving that mode is refused while anybody else has it open. */
function openAlone(path: string): Database.Database {
  const database = new Database(path, { timeout: 1000 })
  try {
    database.pragma('journal_mode = DELETE')
    database.pragma('locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    return database
  } catch {
    database.close()
    throw new MoveError('hub-runs', 'hub.db is in use')
  }
}

/** The old file stays, under a name under which no hub opens it. */
async function setAside(source: Database.Database, path: string): Promise<void> {
  source.close()
  await rename(path, `${path}.moved`)
}

function sameTables(ours: readonly MovedTable[], theirs: readonly MovedTable[]): readonly MovedTable[] {
  const shape = (tables: readonly MovedTable[]): string => JSON.stringify([...tables].sort(byName))
  if (shape(ours) !== shape(theirs)) throw new MoveError('schemas-differ', 'the two databases have other tables')
  return ours
}

function byName(a: MovedTable, b: MovedTable): number {
  return a.name < b.name ? -1 : 1
}

function digests(database: HubDatabase, tables: readonly MovedTable[]): ReadonlyMap<string, TableDigest> {
  return new Map(tables.map((table) => [table.name, digestOfTable(database, table)]))
}

function isEmpty(database: PostgresDatabase, tables: readonly MovedTable[]): boolean {
  return tables.every(({ name }) => database.prepare(`SELECT 1 AS one FROM ${name} LIMIT 1`).get() === undefined)
}

function finishIfEqual(
  target: PostgresDatabase,
  tables: readonly MovedTable[],
  expected: ReadonlyMap<string, TableDigest>,
): void {
  try {
    assertEqual(expected, digests(target, tables))
  } catch {
    throw new MoveError('target-not-empty', 'another hub has its records in the database')
  }
}

function assertEqual(expected: ReadonlyMap<string, TableDigest>, found: ReadonlyMap<string, TableDigest>): void {
  for (const [table, { rows, digest }] of expected) {
    const other = found.get(table)
    if (other?.rows === rows && other.digest === digest) continue
    throw new MoveError('not-equal', `the table ${table} has other rows on the other side`)
  }
}

function progressOf({ onProgress }: MoveRequest, expected: ReadonlyMap<string, TableDigest>): (rows: number) => void {
  const total = [...expected.values()].reduce((sum, { rows }) => sum + rows, 0)
  let done = 0
  return (rows) => {
    done += rows
    onProgress?.(done, total)
  }
}

function reportOf(
  from: MoveReport['from'],
  to: MoveReport['to'],
  expected: ReadonlyMap<string, TableDigest>,
): MoveReport {
  const tables = [...expected].map(([table, digest]) => ({ table, ...digest }))
  return { from, to, rows: tables.reduce((sum, { rows }) => sum + rows, 0), tables }
}
