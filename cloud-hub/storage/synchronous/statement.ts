import type Database from 'better-sqlite3'
import { ROW_NUMBER, statementText, type TranslatedStatement } from '../dialect/statement.ts'
import type { HubStatement } from '../hub-database.ts'
import type { StatementAnswer, StatementRequest } from './messages.ts'

/** What a statement works with. */
export interface StatementParts {
  readonly source: string
  /** Worked out at the first use: a statement may be prepared before its table is there. */
  readonly translated: () => TranslatedStatement
  readonly ask: (request: Omit<StatementRequest, 'transaction'>, isWrite: boolean) => StatementAnswer
  /** Which kinds of parameters are known to need types, or to need none. */
  readonly needsTypes: Map<string, boolean>
}

type Shape = 'object' | 'value' | 'array'

/** A prepared statement, with better-sqlite3's way of binding and of giving rows. */
export class PostgresStatement implements HubStatement {
  readonly source: string
  readonly #parts: StatementParts
  #shape: Shape = 'object'
  #lastRow = 0

  constructor(parts: StatementParts) {
    this.source = parts.source
    this.#parts = parts
  }

  get reader(): boolean {
    return this.#parts.translated().isReader
  }

  run(...given: unknown[]): Database.RunResult {
    const translated = this.#parts.translated()
    const answer = this.#ask(given)
    if (translated.tellsRowNumber) {
      const at = answer.columns.indexOf(ROW_NUMBER)
      this.#lastRow = Number(answer.rows.at(-1)?.[at] ?? this.#lastRow)
    }
    return { changes: translated.isWrite ? answer.changes : 0, lastInsertRowid: this.#lastRow }
  }

  get(...given: unknown[]): unknown {
    const answer = this.#ask(given)
    const [row] = answer.rows
    return row === undefined ? undefined : this.#shaped(answer.columns, row)
  }

  all(...given: unknown[]): unknown[] {
    const { columns, rows } = this.#ask(given)
    return rows.map((row) => this.#shaped(columns, row))
  }

  iterate(...given: unknown[]): IterableIterator<unknown> {
    return this.all(...given)[Symbol.iterator]()
  }

  pluck(on = true): never {
    this.#shape = on ? 'value' : 'object'
    return this as never
  }

  raw(on = true): never {
    this.#shape = on ? 'array' : 'object'
    return this as never
  }

  #ask(given: readonly unknown[]): StatementAnswer {
    const { translated, ask, needsTypes } = this.#parts
    const statement = translated()
    const values = boundTo(statement.parameters, given)
    const types = values.map(typeOf)
    const key = types.join()
    const known = needsTypes.get(key)
    const text = statementText(statement, known === true ? types : undefined)
    const isUntried = known === undefined && types.some((type) => type !== undefined)
    const typed = isUntried ? { typed: statementText(statement, types) } : {}
    const answer = ask({ text, values, ...typed }, statement.isWrite)
    if (isUntried) needsTypes.set(key, answer.typed)
    return answer
  }

  #shaped(columns: readonly string[], row: readonly unknown[]): unknown {
    const cells = row.map((cell) => (cell instanceof Uint8Array ? asBuffer(cell) : cell))
    if (this.#shape === 'value') return cells[0]
    if (this.#shape === 'array') return cells
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
  }
}

/** better-sqlite3's binding: values in order, an array of them, or an object with their names. */
function boundTo(parameters: readonly (string | number)[], given: readonly unknown[]): unknown[] {
  const inOrder: unknown[] = []
  let named: Readonly<Record<string, unknown>> = {}
  for (const one of given) {
    if (Array.isArray(one)) inOrder.push(...(one as unknown[]))
    else if (typeof one === 'object' && one !== null && !ArrayBuffer.isView(one)) named = one as typeof named
    else inOrder.push(one)
  }
  const wanted = Math.max(-1, ...parameters.filter((one) => typeof one === 'number')) + 1
  if (inOrder.length < wanted) throw new RangeError('Too few parameter values were provided')
  if (inOrder.length > wanted) throw new RangeError('Too many parameter values were provided')
  return parameters.map((parameter) => {
    if (typeof parameter === 'number') return bindable(inOrder[parameter])
    if (!(parameter in named)) throw new RangeError(`Missing named parameter "${parameter}"`)
    return bindable(named[parameter])
  })
}

function bindable(value: unknown): unknown {
  if (value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value))) return null
  if (typeof value === 'boolean' || (typeof value === 'object' && !ArrayBuffer.isView(value))) {
    throw new TypeError('a database takes numbers, strings, bigints, buffers, and null')
  }
  return value
}

function typeOf(value: unknown): string | undefined {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'bigint') return 'bigint'
  if (typeof value === 'number') return Number.isInteger(value) ? 'bigint' : 'double precision'
  return ArrayBuffer.isView(value) ? 'bytea' : undefined
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
