import Database from 'better-sqlite3'

/** What a SQLite file begins with (file format 1.3). */
const MAGIC = 'SQLite format 3\0'

/** True for bytes that begin a SQLite file. */
export function isDatabase(prefix: Uint8Array): boolean {
  return Buffer.from(prefix.buffer, prefix.byteOffset, prefix.byteLength).toString('latin1', 0, MAGIC.length) === MAGIC
}

const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"

/**
 * Every text and every run of bytes in every table of a database, decoded by SQLite itself: what lies across pages is
 * whole. What was deleted and not yet written over is only in the bytes of the file.
 * @throws when the file is no database, or is encrypted.
 */
export function* databaseValues(path: string): Generator<Buffer> {
  const database = new Database(path, { readonly: true, fileMustExist: true })
  try {
    const tables = database.prepare<[], { name: string }>(TABLES).all()
    for (const { name } of tables) {
      const rows = database
        .prepare(`SELECT * FROM "${name.replaceAll('"', '""')}"`)
        .raw()
        .iterate()
      for (const row of rows) yield valuesOf(row as readonly unknown[])
    }
  } finally {
    database.close()
  }
}

function valuesOf(row: readonly unknown[]): Buffer {
  const parts: Buffer[] = []
  for (const value of row) {
    if (typeof value === 'string') parts.push(Buffer.from(value), LINE_END)
    else if (Buffer.isBuffer(value)) parts.push(value, LINE_END)
    else if (typeof value === 'number' && value >= 10_000) parts.push(Buffer.from(String(value)), LINE_END)
  }
  return Buffer.concat(parts)
}

const LINE_END = Buffer.from('\n')
