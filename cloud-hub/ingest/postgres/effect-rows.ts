import type { EnvelopeBody } from '@leadglass/sync-agent/contract'
import type { PostgresClient, PostgresPool } from '../../storage/index.ts'
import { EFFECT_TABLES, EffectReader, type EffectRow, type EffectRows } from '../effect-reader.ts'

const CELLS = ['instance_scores', 'drift_cells', 'deployment_statistics_cells'] as const
const READ_LEAVES = `SELECT e.envelope, e.leaf_index, l.leaf FROM site_leaf_envelope e
  JOIN site_leaf l USING (device, leaf_index) WHERE e.envelope = ANY ($1)`

/** Reads bodies back from PostgreSQL, many envelopes at a time. */
export async function readEffects(
  client: PostgresClient | PostgresPool,
  envelopes: readonly { readonly id: number; readonly kind: EnvelopeBody['kind'] }[],
): Promise<(EnvelopeBody | undefined)[]> {
  const ids = envelopes.map(({ id }) => id)
  const tables = new Map<string, Map<number, EffectRow[]>>()
  for (const table of [...EFFECT_TABLES, ...CELLS]) {
    const isCells = (CELLS as readonly string[]).includes(table)
    const text =
      table === 'site_leaf_envelope'
        ? READ_LEAVES
        : `SELECT * FROM ${table} WHERE envelope = ANY ($1)${isCells ? ' ORDER BY position' : ''}`
    const { rows } = await client.query<EffectRow>({ name: `read-${table}`, text, values: [ids] })
    tables.set(
      table,
      Map.groupBy(rows, (row) => Number(row.envelope)),
    )
  }
  const found = (table: string, id: number): readonly EffectRow[] => tables.get(table)?.get(id) ?? []
  const one = (table: string, id: number): EffectRow => {
    const [row] = found(table, id)
    if (row === undefined) throw new RangeError('the effect is missing')
    return row
  }
  const rows: EffectRows = {
    one,
    many: (table, id) => [...found(table, id)],
    leaf: (id) => one('site_leaf_envelope', id),
    effects: (id) => EFFECT_TABLES.reduce((sum, table) => sum + found(table, id).length, 0),
  }
  const reader = new EffectReader(rows)
  return envelopes.map(({ id, kind }) => {
    try {
      return reader.read(kind, id)
    } catch {
      return undefined
    }
  })
}
