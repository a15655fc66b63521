import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** One text of the settings. `author` is a person's pseudonym, `operator`, or `file` for an edit of the file by hand. */
export interface SettingsVersion {
  readonly version: number
  /** SHA-256 of `content`. */
  readonly digest: string
  readonly content: string
  readonly author: string
  readonly source: 'file' | 'interface'
  /** False while the file does not hold it yet: the start after a crash puts it there. */
  readonly placed: boolean
  /** Milliseconds since 1970. */
  readonly at: number
}

type Row = Omit<SettingsVersion, 'placed'> & { readonly placed: number }

const COLUMNS = 'version, digest, content, author, source, placed, at'
export const SELECT_NEWEST_SETTINGS = `SELECT ${COLUMNS} FROM settings_version ORDER BY version DESC LIMIT ?`
export const SELECT_SETTINGS_VERSION = `SELECT ${COLUMNS} FROM settings_version WHERE version = ?`
export const INSERT_SETTINGS_VERSION = `
INSERT INTO settings_version (digest, content, author, source, placed, at) VALUES (?, ?, ?, ?, ?, ?)`
export const PLACE_SETTINGS_VERSION = 'UPDATE settings_version SET placed = 1 WHERE version = ?'

/** The history of the settings. */
export class SettingsRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Newest first. */
  newest(limit: number): SettingsVersion[] {
    return this.#sql.all<Row>(SELECT_NEWEST_SETTINGS, limit).map(versionOf)
  }

  version(version: number): SettingsVersion | undefined {
    const row = this.#sql.get<Row>(SELECT_SETTINGS_VERSION, version)
    return row === undefined ? undefined : versionOf(row)
  }

  /** @returns the number of the version. */
  insert({ digest, content, author, source, placed, at }: Omit<SettingsVersion, 'version'>): number {
    return this.#sql.run(INSERT_SETTINGS_VERSION, digest, content, author, source, placed ? 1 : 0, at).lastInsertRowid
  }

  /** The file holds it. */
  place(version: number): void {
    this.#sql.run(PLACE_SETTINGS_VERSION, version)
  }
}

function versionOf(row: Row): SettingsVersion {
  return { ...row, placed: row.placed === 1 }
}
