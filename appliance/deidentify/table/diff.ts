import { z } from 'zod'
import { OPTION_COLUMNS } from './columns.ts'
import { TABLE_ROWS } from './index.ts'

/** A row that only one edition has. `rule`: the basic action, then each option with what it does. */
export interface TableEntry {
  readonly id: string
  readonly name: string
  readonly rule: string
}

/** What another edition of table E.1-1 changes. Lists are in the order of the tags. */
export interface TableDifferences {
  readonly rows: number
  readonly added: readonly TableEntry[]
  readonly removed: readonly TableEntry[]
  readonly changed: readonly {
    readonly id: string
    readonly name: string
    readonly from: string
    readonly to: string
  }[]
}

const published = z
  .array(z.looseObject({ id: z.string().min(1), name: z.string(), basicProfile: z.string().min(1) }))
  .min(1)

/**
 * Holds the table of another edition against the pinned one. A name that changed alone is no difference.
 * @param table rows as innolitics/dicom-standard publishes them. @throws ZodError when it is no such table.
 */
export function diffProfileTable(table: unknown): TableDifferences {
  const other = new Map(
    published.parse(table).map((row) => [row.id.toLowerCase(), entry(row.id.toLowerCase(), row.name, ruleOf(row))]),
  )
  const pinned = new Map(TABLE_ROWS.map(({ id, name, rule }) => [id, entry(id, name, rule)]))
  const byTag = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1)
  return {
    rows: other.size,
    added: [...other.values()].filter(({ id }) => !pinned.has(id)).sort(byTag),
    removed: [...pinned.values()].filter(({ id }) => !other.has(id)).sort(byTag),
    changed: [...pinned.values()]
      .flatMap(({ id, rule: from }) => {
        const now = other.get(id)
        return now === undefined || now.rule === from ? [] : [{ id, name: now.name, from, to: now.rule }]
      })
      .sort(byTag),
  }
}

/** The basic action and the options of a published row, as `TABLE_ROWS` has them. */
function ruleOf(row: Readonly<Record<string, unknown>>): string {
  const options = OPTION_COLUMNS.flatMap(([column, code]) => {
    const action = row[column]
    return typeof action === 'string' && action !== '' ? [`${code}${action}`] : []
  })
  return [row.basicProfile, ...options].join(' ')
}

function entry(id: string, name: string, rule: string): TableEntry {
  return { id, name, rule }
}
