import { createHash } from 'node:crypto'
import type { HubDatabase } from '../hub-database.ts'
import type { MovedTable } from './tables.ts'

/** Rows read at a time. */
const PAGE = 500
/** Rows that one statement writes. */
const GROUP = 50

type Cell = string | number | bigint | Uint8Array | null
type Row = readonly Cell[]

/** How many rows a table has, and the SHA-256 of all of them in the order of their key. */
export interface TableDigest {
  readonly rows: number
  readonly digest: string
}

/** The rows of a table in the order of its key, page by page. Both databases compare text by its bytes. */
export function* pagesOf(database: HubDatabase, { name, columns, key }: MovedTable): Generator<readonly Row[]> {
  const list = columns.join(', ')
  const order = `ORDER BY ${key.join(', ')} LIMIT ${PAGE}`
  const first = database.prepare(`SELECT ${list} FROM ${name} ${order}`).raw()
  const after = `(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`
  const next = database.prepare(`SELECT ${list} FROM ${name} WHERE ${after} ${order}`).raw()
  const places = key.map((column) => columns.indexOf(column))
  for (let rows = first.all() as Row[]; rows.length > 0; ) {
    yield rows
    const last = rows.at(-1)
    rows = rows.length < PAGE ? [] : (next.all(...places.map((at) => last?.[at])) as Row[])
  }
}

/** Counts and digests a table. */
export function digestOfTable(database: HubDatabase, table: MovedTable): TableDigest {
  const hash = createHash('sha256')
  let rows = 0
  for (const page of pagesOf(database, table)) {
    rows += page.length
    for (const row of page) for (const cell of row) hash.update(encoded(cell))
  }
  return { rows, digest: hash.digest('hex') }
}

/** Writes all rows of a table of one database into the same table of another. */
export function copyTable(from: HubDatabase, to: HubDatabase, table: MovedTable, onRows: (rows: number) => void): void {
  const one = `(${table.columns.map(() => '?').join(', ')})`
  const insert = (rows: number): string =>
    `INSERT INTO ${table.name} (${table.columns.join(', ')}) VALUES ${Array.from({ length: rows }, () => one).join(', ')}`
  for (const page of pagesOf(from, table)) {
    for (let at = 0; at < page.length; at += GROUP) {
      const group = page.slice(at, at + GROUP)
      to.prepare(insert(group.length)).run(...group.flat())
    }
    onRows(page.length)
  }
}

/** No two rows have the same bytes: each cell says its kind and its length. */
function encoded(cell: Cell): Uint8Array {
  if (cell === null) return Buffer.from('n;')
  if (typeof cell === 'object') return Buffer.concat([Buffer.from(`b${cell.length};`), cell])
  const text = String(cell)
  return Buffer.from(`${typeof cell === 'string' ? 't' : 'd'}${Buffer.byteLength(text)};${text}`)
}
