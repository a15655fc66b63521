import { type Clock, canonicalJson, digestOf, type JsonValue, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { LakeError } from './errors.ts'
import type { LakeTable } from './tables.ts'
import { type LakeFile, type LakeVersion, lakeVersion, type VersionCause } from './version.ts'

const FILE = `path, site, date, sha256, bytes, rows, min_envelope AS minEnvelope, max_envelope AS maxEnvelope,
  schema_version AS schemaVersion`
const READ_CURSOR = 'SELECT envelope, watermarks, moved_at AS movedAt FROM lake_cursor'
const MOVE_CURSOR = `INSERT INTO lake_cursor (one, envelope, watermarks, moved_at) VALUES (1, ?, ?, ?)
  ON CONFLICT (one) DO UPDATE SET envelope = excluded.envelope, watermarks = excluded.watermarks,
  moved_at = excluded.moved_at`
const READ_HEAD = `SELECT number, digest, manifest FROM lake_version WHERE table_name = ? ORDER BY number DESC LIMIT 1`
const READ_CHAIN = `SELECT number, digest, manifest FROM lake_version WHERE table_name = ? ORDER BY number`
const READ_AGED = `SELECT max(number) AS number FROM lake_version WHERE table_name = ? AND created_at <= ?`
const INSERT_VERSION = `INSERT INTO lake_version (table_name, number, digest, cause, created_at, manifest)
  VALUES (?, ?, ?, ?, ?, ?)`
/** Equal rows make equal bytes and so the same path: a rewrite may bring back a file that was put into a larger one before. */
const INSERT_FILE = `INSERT INTO lake_file (path, table_name, site, date, sha256, bytes, rows, min_envelope, max_envelope,
  schema_version, added_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (path) DO UPDATE SET added_in = excluded.added_in, removed_in = NULL`
const REMOVE_FILE = 'UPDATE lake_file SET removed_in = ? WHERE path = ? AND removed_in IS NULL'
export const READ_FILES = `SELECT ${FILE} FROM lake_file WHERE table_name = @table AND added_in <= @number
  AND (removed_in IS NULL OR removed_in > @number) ORDER BY site, date, min_envelope, path`
const READ_FILE = `SELECT ${FILE} FROM lake_file WHERE path = ? AND table_name = ? AND removed_in IS NULL`
const READ_REMOVED = `SELECT ${FILE} FROM lake_file WHERE table_name = ? AND removed_in <= ?`
const READ_PATHS = 'SELECT path FROM lake_file'
const FORGET_FILE = 'DELETE FROM lake_file WHERE path = ?'
const READ_READABLE = 'SELECT readable_from AS number FROM lake_readable WHERE table_name = ?'
const WRITE_READABLE = `INSERT INTO lake_readable (table_name, readable_from) VALUES (?, ?)
  ON CONFLICT (table_name) DO UPDATE SET readable_from = max(readable_from, excluded.readable_from)`

/** How far the lake is. */
export interface LakeCursor {
  /** The last envelope of the hub's inbox whose rows are in the lake; 0 at the beginning. */
  readonly envelope: number
  /** How far each stream of each site was when the cursor came there. */
  readonly watermarks: readonly JsonValue[]
  readonly movedAt: string | null
}

/** A change of a table. */
export interface TableChange {
  readonly table: LakeTable
  readonly cause: VersionCause
  readonly added: readonly LakeFile[]
  readonly removed: readonly string[]
}

/** The newest version of a table, or one that was asked for. */
export interface TableVersion {
  readonly number: number
  readonly digest: string
  readonly totals: LakeVersion['totals']
}

/** A version as it stands in the chain, parsed. */
export interface ChainedVersion {
  readonly digest: string
  readonly text: string
  readonly manifest: LakeVersion
}

/** Which files make up which version of each table, and how far the cursor is: one transaction a change, or nothing. */
export class LakeCatalog {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  cursor(): LakeCursor {
    const row = this.#database.prepare(READ_CURSOR).get() as
      | { readonly envelope: number; readonly watermarks: string; readonly movedAt: string }
      | undefined
    if (row === undefined) return { envelope: 0, watermarks: [], movedAt: null }
    return { ...row, watermarks: JSON.parse(row.watermarks) as JsonValue[] }
  }

  /** The newest version of a table; undefined before the first. */
  head(table: LakeTable): TableVersion | undefined {
    const row = this.#database.prepare(READ_HEAD).get(table) as VersionRow | undefined
    if (row === undefined) return undefined
    return { number: row.number, digest: row.digest, totals: lakeVersion.parse(JSON.parse(row.manifest)).totals }
  }

  /** All versions of a table that were ever made, oldest first. */
  chain(table: LakeTable): readonly ChainedVersion[] {
    const rows = this.#database.prepare(READ_CHAIN).all(table) as VersionRow[]
    return rows.map(({ digest, manifest }) => ({
      digest,
      text: manifest,
      manifest: lakeVersion.parse(JSON.parse(manifest)),
    }))
  }

  /** The oldest version of a table that can still be read. */
  readableFrom(table: LakeTable): number {
    return (this.#database.prepare(READ_READABLE).get(table) as { readonly number: number } | undefined)?.number ?? 1
  }

  /**
   * The files of a version, by site, date and first envelope; of the newest when none is named.
   * @throws {LakeError} `version-unknown`, `version-expired`.
   */
  files(table: LakeTable, number?: number): readonly LakeFile[] {
    const newest = this.head(table)?.number ?? 0
    const wanted = number ?? newest
    if (wanted > newest || wanted < 0) throw unknown(table, wanted)
    if (wanted > 0 && wanted < this.readableFrom(table)) throw expired(table, wanted)
    return this.#database.prepare(READ_FILES).all({ table, number: wanted }) as LakeFile[]
  }

  /** Files of a table that no version from `number` on has. */
  removedUntil(table: LakeTable, number: number): readonly LakeFile[] {
    return this.#database.prepare(READ_REMOVED).all(table, number) as LakeFile[]
  }

  /** The newest version of a table that was there at an instant (ISO 8601); 0 when there was none. */
  versionAt(table: LakeTable, instant: string): number {
    return (this.#database.prepare(READ_AGED).get(table, instant) as { readonly number: number | null }).number ?? 0
  }

  /** Paths that the catalog knows, of every version that has not expired. */
  paths(): ReadonlySet<string> {
    return new Set((this.#database.prepare(READ_PATHS).all() as { readonly path: string }[]).map((row) => row.path))
  }

  /**
   * Commits changes, each as the next version of its table, with the cursor or anything else that belongs to them. The
   * files must be on disk, durably.
   */
  commit(changes: readonly TableChange[], together: () => void = () => undefined): void {
    this.#database
      .transaction(() => {
        for (const change of changes) this.#version(change)
        together()
      })
      .immediate()
  }

  /** Moves the cursor. To be called within `commit`. */
  moveCursor(envelope: number, watermarks: readonly JsonValue[]): void {
    this.#database.prepare(MOVE_CURSOR).run(envelope, canonicalJson(watermarks), toIsoInstant(this.#clock.now()))
  }

  /** Lets versions below `number` expire. */
  expire(table: LakeTable, number: number): void {
    this.#database.prepare(WRITE_READABLE).run(table, number)
  }

  /** Forgets a file that is no longer on disk. */
  forget(path: string): void {
    this.#database.prepare(FORGET_FILE).run(path)
  }

  #version({ table, cause, added, removed }: TableChange): void {
    const before = this.head(table)
    const number = (before?.number ?? 0) + 1
    const live = (path: string): LakeFile | undefined =>
      this.#database.prepare(READ_FILE).get(path, table) as LakeFile | undefined
    const gone = removed.flatMap((path) => live(path) ?? [])
    if (gone.length !== removed.length || added.some((file) => live(file.path) !== undefined))
      throw contradiction(table)
    const sum = (of: (file: LakeFile) => number): number =>
      added.reduce((all, file) => all + of(file), 0) - gone.reduce((all, file) => all + of(file), 0)
    const { files, rows, bytes } = before?.totals ?? { files: 0, rows: 0, bytes: 0 }
    const at = toIsoInstant(this.#clock.now())
    const manifest = lakeVersion.parse({
      schema: 'leadglass.lake-version/1',
      table,
      number,
      parent: before?.digest ?? null,
      cause,
      at,
      added,
      removed,
      totals: {
        files: files + sum(() => 1),
        rows: rows + sum((file) => file.rows),
        bytes: bytes + sum((f) => f.bytes),
      },
    })
    const text = canonicalJson(manifest)
    this.#database.prepare(INSERT_VERSION).run(table, number, digestOf(text), cause, at, text)
    for (const path of removed) this.#database.prepare(REMOVE_FILE).run(number, path)
    for (const file of added) {
      const { path, site, date, sha256, minEnvelope, maxEnvelope, schemaVersion } = file
      const extent = [file.bytes, file.rows, minEnvelope, maxEnvelope, schemaVersion]
      this.#database.prepare(INSERT_FILE).run(path, table, site, date, sha256, ...extent, number)
    }
  }
}

interface VersionRow {
  readonly number: number
  readonly digest: string
  readonly manifest: string
}

function unknown(table: string, number: number): LakeError {
  return new LakeError('version-unknown', 'permanent', {
    message: `the lake has no version ${number} of ${table}`,
    effect: 'nothing was read',
    nextStep: 'see "leadglass lake status" for the versions that there are',
  })
}

function expired(table: string, number: number): LakeError {
  return new LakeError('version-expired', 'permanent', {
    message: `version ${number} of ${table} has expired: its files are gone, by age or by an erasure`,
    effect: 'nothing was read',
    nextStep: 'read a later version; "leadglass lake status" names the oldest',
  })
}

function contradiction(table: string): LakeError {
  return new LakeError('lake-unaccounted', 'permanent', {
    message: `a change of ${table} does not fit the files of its newest version`,
    effect: 'the change was not made; the lake is as it was',
    nextStep: 'run "leadglass lake verify", and report this as a defect',
  })
}
