import type { Catalog } from '../dialect/catalog.ts'
import type { StatementAnswer } from './messages.ts'

const READ_COLUMNS = `SELECT c.relname, a.attname, a.attnotnull, a.attidentity <> ''
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  WHERE c.relnamespace = 'leadglass_hub'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`

/** Reads what the translation has to know. */
export function readCatalog(ask: (sql: string) => StatementAnswer): Catalog {
  const identities = new Map<string, string>()
  const notNull = new Set<string>()
  const nullable = new Set<string>()
  for (const [table, column, isNotNull, isIdentity] of ask(READ_COLUMNS).rows) {
    if (isIdentity === 1) identities.set(String(table), String(column))
    ;(isNotNull === 1 ? notNull : nullable).add(String(column))
  }
  for (const column of nullable) notNull.delete(column)
  return { identities, notNull }
}
