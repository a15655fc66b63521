import { invalid } from './errors.ts'

/** What a filter or an order asks of a row: its value under a key, `undefined` when it has none. */
export type ValueOf<Row> = (row: Row, field: Field) => string | number | undefined

/** A column of MLflow's search language: `metrics.auc`, `attributes.status`, or a bare `name`. */
export interface Field {
  readonly of: 'metrics' | 'params' | 'tags' | 'attributes'
  readonly key: string
}

const MAXIMUM_FILTER = 4000
const TERM =
  /^\s*(?<field>[A-Za-z_]+(?:\.(?:[\w.@-]+|`[^`]{1,250}`|"[^"]{1,250}"))?)\s*(?<operator>!=|>=|<=|=|>|<|I?LIKE)\s*(?<value>'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(?:AND\s+|$)/i

type Test = (value: string | number, wanted: string | number) => boolean

const TESTS: Readonly<Record<string, Test>> = {
  '=': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '>': (value, wanted) => value > wanted,
  '>=': (value, wanted) => value >= wanted,
  '<': (value, wanted) => value < wanted,
  '<=': (value, wanted) => value <= wanted,
  LIKE: (value, wanted) => like(String(value), String(wanted)),
  ILIKE: (value, wanted) => like(String(value).toLowerCase(), String(wanted).toLowerCase()),
}

/**
 * Reads a filter: comparisons joined by AND. Text compares with text, numbers with numbers.
 * @throws {MlflowError} INVALID_PARAMETER_VALUE for anything else.
 */
export function parseFilter<Row>(filter: string, read: ValueOf<Row>): (row: Row) => boolean {
  if (filter.length > MAXIMUM_FILTER) throw invalid('the filter is too long')
  const tests: ((row: Row) => boolean)[] = []
  for (let rest = filter; rest.trim() !== ''; ) {
    const match = TERM.exec(rest)
    if (match?.groups === undefined) throw invalid('the filter is not comparisons joined by AND')
    const { field = '', operator = '', value = '' } = match.groups
    const wanted = /^['"]/.test(value) ? value.slice(1, -1) : Number(value)
    const test = TESTS[operator.toUpperCase()]
    const column = fieldOf(field)
    tests.push((row) => {
      const found = read(row, column)
      // Clients leave prompts out by a tag that other models do not have: without the tag it is not equal either.
      if (found === undefined) return operator === '!=' && column.of === 'tags'
      return typeof found === typeof wanted && test?.(found, wanted) === true
    })
    rest = rest.slice(match[0].length)
  }
  return (row) => tests.every((test) => test(row))
}

/** Reads `metrics.auc DESC`, at most ten of them. Rows without the value come last. */
export function parseOrder<Row>(orders: readonly string[], read: ValueOf<Row>): (a: Row, b: Row) => number {
  const keys = orders.slice(0, 10).map((order) => {
    const match = /^\s*([A-Za-z_]+(?:\.(?:[\w.@-]+|`[^`]{1,250}`|"[^"]{1,250}"))?)(?:\s+(ASC|DESC))?\s*$/i.exec(order)
    if (match === null) throw invalid('an order is a column with ASC or DESC')
    return { field: fieldOf(match[1] ?? ''), sign: match[2]?.toUpperCase() === 'DESC' ? -1 : 1 }
  })
  return (a, b) => {
    for (const { field, sign } of keys) {
      const left = read(a, field)
      const right = read(b, field)
      if (left === right) continue
      if (left === undefined) return 1
      if (right === undefined) return -1
      return left < right ? -sign : sign
    }
    return 0
  }
}

/** A page of rows and the token of the next one. @throws {MlflowError} for a token that this hub did not make. */
export function page<Row>(
  rows: readonly Row[],
  limit: number,
  token: string | undefined,
): { readonly rows: readonly Row[]; readonly next: string | undefined } {
  const from = token === undefined || token === '' ? 0 : Number(/^from-(\d{1,9})$/.exec(token)?.[1] ?? Number.NaN)
  if (Number.isNaN(from)) throw invalid('the page token is not of this hub')
  const end = from + limit
  return { rows: rows.slice(from, end), next: end < rows.length ? `from-${end}` : undefined }
}

const GROUPS: Readonly<Record<string, Field['of']>> = {
  metrics: 'metrics',
  metric: 'metrics',
  params: 'params',
  param: 'params',
  parameters: 'params',
  tags: 'tags',
  tag: 'tags',
  attributes: 'attributes',
  attribute: 'attributes',
  attr: 'attributes',
  run: 'attributes',
}

function fieldOf(text: string): Field {
  const dot = text.indexOf('.')
  if (dot === -1) return { of: 'attributes', key: text.toLowerCase() }
  const of = GROUPS[text.slice(0, dot).toLowerCase()]
  if (of === undefined) throw invalid('the filter names a column that there is not')
  return { of, key: text.slice(dot + 1).replaceAll(/^[`"]|[`"]$/g, '') }
}

/** SQL's LIKE by two pointers, so that no pattern takes more than length times length. */
function like(text: string, pattern: string): boolean {
  let [t, p, star, mark] = [0, 0, -1, 0]
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '_' || (pattern[p] === text[t] && pattern[p] !== '%'))) {
      t += 1
      p += 1
    } else if (pattern[p] === '%') {
      star = p
      mark = t
      p += 1
    } else if (star === -1) {
      return false
    } else {
      p = star + 1
      mark += 1
      t = mark
    }
  }
  while (pattern[p] === '%') p += 1
  return p === pattern.length
}
