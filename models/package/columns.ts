import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { z } from 'zod'

/** The most columns of a model of tables. */
export const MOST_COLUMNS = 1024

const finite = z.number().min(-1e9).max(1e9)

/**
 * Where the value of a column comes from, a closed vocabulary: the patient's age in whole years or sex of the header, a measured
 * quality figure, a score of another model of the same revision (`score.<model>.<output>`), a radiomic feature.
 */
export const columnSource = vocabularyCode.refine(
  (source) =>
    source === 'header.age-years' ||
    source === 'header.sex' ||
    /^quality\.[a-z0-9.-]+$/.test(source) ||
    /^radiomics\.[a-z0-9.-]+$/.test(source) ||
    scoreOf(source) !== undefined,
  { message: 'a column has no such source' },
)

/** One input of a model of tables. */
export const column = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    source: columnSource,
    unit: z.string().min(1).max(200),
    /** What stands in for a value that is not there: nothing is scored, a declared number, or NaN, which trees know. */
    missing: z.union([z.literal('refuse'), z.literal('nan'), z.strictObject({ impute: finite })]),
    /** Both ends included; a value outside is refused, never clipped. */
    range: z
      .strictObject({ minimum: finite, maximum: finite })
      .refine((range) => range.minimum <= range.maximum)
      .optional(),
    /** Of `header.sex` only: the number for each value of Patient's Sex (0010,0040). One that is left out counts as missing. */
    coding: z.strictObject({ F: finite.optional(), M: finite.optional(), O: finite.optional() }).optional(),
  })
  .refine((one) => (one.coding !== undefined) === (one.source === 'header.sex'), {
    message: 'coding belongs to header.sex, which needs it',
  })
export type Column = z.infer<typeof column>

/** A golden row of a model of tables: values by column name, before anything stands in for what is missing. */
export const goldenRow = z.strictObject({
  schema: z.literal('leadglass.golden-row/1'),
  values: z.record(column.shape.name, finite.nullable()),
})
export type GoldenRow = z.infer<typeof goldenRow>

/** Splits `score.<model>.<output>`; `undefined` for any other source. */
export function scoreOf(source: string): { readonly model: string; readonly output: string } | undefined {
  const [kind, model, ...output] = source.split('.')
  if (kind !== 'score' || model === undefined || model === '' || output.length === 0) return undefined
  return { model, output: output.join('.') }
}

/** What became of the inputs of one row. `null` stands for NaN. */
export type TableRow =
  | { readonly kind: 'row'; readonly values: readonly (number | null)[] }
  | { readonly kind: 'refused'; readonly reason: 'missing-input' | 'out-of-range'; readonly column: string }

/** Puts a row together: what is missing is refused or stood in for as its column declares. */
export function tableRow(columns: readonly Column[], valueIn: (column: Column) => number | undefined): TableRow {
  const values: (number | null)[] = []
  for (const one of columns) {
    const value = valueIn(one)
    if (value === undefined || !Number.isFinite(value)) {
      if (one.missing === 'refuse') return { kind: 'refused', reason: 'missing-input', column: one.name }
      values.push(one.missing === 'nan' ? null : one.missing.impute)
      continue
    }
    const { minimum, maximum } = one.range ?? { minimum: value, maximum: value }
    if (value < minimum || value > maximum) return { kind: 'refused', reason: 'out-of-range', column: one.name }
    values.push(value)
  }
  return { kind: 'row', values }
}
