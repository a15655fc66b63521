import type { Database, Statement } from 'better-sqlite3'
import { AuditLogError } from './errors.ts'
import type { CompletedSubtree, LogStore, NewLeaf } from './log-store.ts'
import type { SubtreeReader } from './merkle-tree.ts'

/**
 * Tables of any number of logs in one database; put into a numbered migration of the database's owner. Rows are never
 * changed or removed: the triggers stop accidents, the tree shows everything else.
 */
export const AUDIT_LOG_SCHEMA = `
CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE audit_leaf (
  log INTEGER NOT NULL REFERENCES audit_log (id),
  leaf_index INTEGER NOT NULL CHECK (leaf_index >= 0),
  leaf BLOB NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (log, leaf_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_subtree (
  log INTEGER NOT NULL REFERENCES audit_log (id),
  level INTEGER NOT NULL CHECK (level >= 1),
  position INTEGER NOT NULL CHECK (position >= 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (log, level, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_leaf_unchangeable BEFORE UPDATE ON audit_leaf
BEGIN SELECT RAISE(ABORT, 'an audit leaf is never changed'); END;
CREATE TRIGGER audit_leaf_unremovable BEFORE DELETE ON audit_leaf
BEGIN SELECT RAISE(ABORT, 'an audit leaf is never removed'); END;
`

/** Statements by what they do; the hot ones are checked for their query plan. */
export const AUDIT_LOG_SQL = {
  addLog: 'INSERT INTO audit_log (origin) VALUES (?) ON CONFLICT (origin) DO NOTHING',
  findLog: 'SELECT id FROM audit_log WHERE origin = ?',
  lastIndex: 'SELECT max(leaf_index) AS last FROM audit_leaf WHERE log = ?',
  leaf: 'SELECT leaf FROM audit_leaf WHERE log = ? AND leaf_index = ?',
  leafHash: 'SELECT hash FROM audit_leaf WHERE log = ? AND leaf_index = ?',
  leaves: 'SELECT leaf FROM audit_leaf WHERE log = ? AND leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index',
  subtreeHash: 'SELECT hash FROM audit_subtree WHERE log = ? AND level = ? AND position = ?',
  addLeaf: 'INSERT INTO audit_leaf (log, leaf_index, leaf, hash) VALUES (?, ?, ?, ?)',
  addSubtree: 'INSERT INTO audit_subtree (log, level, position, hash) VALUES (?, ?, ?, ?)',
} as const

/** Rows fetched at a time when a log is read from end to end. */
const PAGE = 1000
/** Rows that one statement inserts when many leaves come together: most of the cost of a row is its statement. */
const ROWS = 64
const FOUR = '(?, ?, ?, ?)'

/**
 * One log in a SQLite database that belongs to the caller. The constructor prepares statements and, for a log that the
 * database does not know yet, enters its origin; it must not run inside a transaction that is later rolled back.
 */
export class SqliteLogStore implements LogStore {
  readonly #log: number
  readonly #lastIndex: Statement<[number], { last: number | null }>
  readonly #leaf: Statement<[number, number], { leaf: Buffer }>
  readonly #leafHash: Statement<[number, number], { hash: Buffer }>
  readonly #leaves: Statement<[number, number, number], { leaf: Buffer }>
  readonly #subtreeHash: Statement<[number, number, number], { hash: Buffer }>
  readonly #addLeaf: Statement<[number, number, Uint8Array, Uint8Array]>
  readonly #addSubtree: Statement<[number, number, number, Uint8Array]>
  readonly #addLeaves: Statement<unknown[]>
  readonly #addSubtrees: Statement<unknown[]>

  constructor(database: Database, origin: string) {
    this.#log = logId(database, origin)
    this.#lastIndex = database.prepare(AUDIT_LOG_SQL.lastIndex)
    this.#leaf = database.prepare(AUDIT_LOG_SQL.leaf)
    this.#leafHash = database.prepare(AUDIT_LOG_SQL.leafHash)
    this.#leaves = database.prepare(AUDIT_LOG_SQL.leaves)
    this.#subtreeHash = database.prepare(AUDIT_LOG_SQL.subtreeHash)
    this.#addLeaf = database.prepare(AUDIT_LOG_SQL.addLeaf)
    this.#addSubtree = database.prepare(AUDIT_LOG_SQL.addSubtree)
    const many = (sql: string): Statement<unknown[]> =>
      database.prepare(sql.replace(FOUR, Array.from({ length: ROWS }, () => FOUR).join(', ')))
    this.#addLeaves = many(AUDIT_LOG_SQL.addLeaf)
    this.#addSubtrees = many(AUDIT_LOG_SQL.addSubtree)
  }

  readonly subtree: SubtreeReader = (level, position) => {
    const row =
      level === 0 ? this.#leafHash.get(this.#log, position) : this.#subtreeHash.get(this.#log, level, position)
    if (row === undefined) throw storeDamaged()
    return row.hash
  }

  size(): number {
    const last = this.#lastIndex.get(this.#log)?.last ?? null
    return last === null ? 0 : last + 1
  }

  leaf(index: number): Uint8Array | undefined {
    return this.#leaf.get(this.#log, index)?.leaf
  }

  *leaves(from: number, to: number): Iterable<Uint8Array> {
    // In pages, so that the connection is free for other statements between them.
    for (let start = from; start < to; start += PAGE) {
      for (const row of this.#leaves.all(this.#log, start, Math.min(start + PAGE, to))) yield row.leaf
    }
  }

  append(index: number, leaf: Uint8Array, completed: readonly CompletedSubtree[]): void {
    for (const { level, position, hash } of completed) {
      if (level === 0) this.#addLeaf.run(this.#log, index, leaf, hash)
      else this.#addSubtree.run(this.#log, level, position, hash)
    }
  }

  appendAll(index: number, leaves: readonly NewLeaf[]): void {
    const rows: [number, number, Uint8Array, Uint8Array][] = []
    const nodes: [number, number, number, Uint8Array][] = []
    for (const [i, { leaf, completed }] of leaves.entries()) {
      for (const { level, position, hash } of completed) {
        if (level === 0) rows.push([this.#log, index + i, leaf, hash])
        else nodes.push([this.#log, level, position, hash])
      }
    }
    // In the order of their keys, as they lie in the table.
    nodes.sort((a, b) => a[1] - b[1] || a[2] - b[2])
    insertAll(this.#addLeaves, this.#addLeaf, rows)
    insertAll(this.#addSubtrees, this.#addSubtree, nodes)
  }
}

/** Whole groups of rows with one statement each, the rest one by one. */
function insertAll<Row extends unknown[]>(many: Statement<unknown[]>, one: Statement<Row>, rows: readonly Row[]): void {
  const whole = rows.length - (rows.length % ROWS)
  for (let from = 0; from < whole; from += ROWS) many.run(...rows.slice(from, from + ROWS).flat())
  for (const row of rows.slice(whole)) one.run(...row)
}

function logId(database: Database, origin: string): number {
  const find = database.prepare<[string], { id: number }>(AUDIT_LOG_SQL.findLog)
  const found = find.get(origin)
  if (found !== undefined) return found.id
  database.prepare<[string]>(AUDIT_LOG_SQL.addLog).run(origin)
  const added = find.get(origin)
  if (added === undefined) throw storeDamaged()
  return added.id
}

function storeDamaged(): AuditLogError {
  return new AuditLogError('store-damaged', {
    message: 'the audit log lacks a row that its size says must be there',
    effect: 'no proof can be made and nothing more is appended',
    nextStep: 'stop the process, keep the database file as evidence, and restore the last verified backup',
  })
}
