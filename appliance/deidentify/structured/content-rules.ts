import { z } from 'zod'
import type { OptionSet } from '../options.ts'
import { PROFILE_OPTIONS } from '../options.ts'
import generated from '../table/content-items.generated.json' with { type: 'json' }

/** What happens to a content item: removed, given a dummy, kept, its dates moved, its words cleaned, or what its value type asks for. */
export type ContentAction = 'remove' | 'dummy' | 'keep' | 'dates' | 'words'

const data = z
  .object({
    edition: z.string(),
    rows: z.array(
      z.tuple([
        z.string(),
        z.string(),
        z.string(),
        z.enum(['X', 'D', 'X/D']),
        z.string().regex(/^(?:1131\d\d[KC](?: |$))*$/),
        z.string(),
      ]),
    ),
  })
  .parse(generated)

/** One row of table E.3.4-1: a concept and a value type, what the Basic Profile does, and what options change. */
export interface ContentRow {
  readonly code: string
  readonly scheme: string
  readonly valueType: string
  readonly action: 'X' | 'D' | 'X/D'
  readonly options: ReadonlyMap<string, 'K' | 'C'>
  readonly meaning: string
}

/** The edition of table E.3.4-1. */
export const CONTENT_EDITION = data.edition

/** All rows of table E.3.4-1. */
export const CONTENT_ROWS: readonly ContentRow[] = data.rows.map(
  ([code, scheme, valueType, action, options, meaning]) => ({
    code,
    scheme,
    valueType,
    action,
    meaning,
    options: new Map(
      (options === '' ? [] : options.split(' ')).map((one) => [one.slice(0, 6), one.endsWith('K') ? 'K' : 'C']),
    ),
  }),
)

const nameOf = new Map(PROFILE_OPTIONS.map(({ code, name }) => [code, name]))
const byConcept = new Map(CONTENT_ROWS.map((row) => [keyOf(row.code, row.scheme, row.valueType), row]))

/** The row for a concept and a value type, or `undefined` where table E.3.4-1 has none. */
export function contentRow(code: string, scheme: string, valueType: string): ContentRow | undefined {
  return byConcept.get(keyOf(code, scheme, valueType))
}

/** What a row means under some options; the same precedence as for attributes (`rulesFor`). */
export function contentActionOf(row: ContentRow, options: OptionSet): ContentAction {
  const applied = [...row.options].flatMap(([code, action]) => {
    const name = nameOf.get(code)
    return name !== undefined && options.has(name) ? [{ name, action }] : []
  })
  if (applied.some(({ name, action }) => action === 'C' && name === 'retain-modified-dates')) return 'dates'
  if (applied.some(({ action }) => action === 'K')) return 'keep'
  if (applied.some(({ action }) => action === 'C')) return 'words'
  // X/D goes by the template; a dummy is right in any.
  return row.action === 'X' ? 'remove' : 'dummy'
}

function keyOf(code: string, scheme: string, valueType: string): string {
  return `${code}\n${scheme}\n${valueType}`
}
