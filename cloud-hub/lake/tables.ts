import { BIGINT, BOOLEAN, DOUBLE, type DuckDBType, FLOAT, INTEGER, LIST, VARCHAR } from '@duckdb/node-api'

/** Form of the rows that this version writes. Rows of another form stay readable and are excluded from datasets by rule. */
export const LAKE_ROW_SCHEMA = 1

/** A column of a table of the lake, beside the partition columns `site` and `date`, which stand in the path. */
export interface LakeColumn {
  readonly name: string
  readonly type: DuckDBType
}

const text = (name: string): LakeColumn => ({ name, type: VARCHAR })
const whole = (name: string): LakeColumn => ({ name, type: INTEGER })
const real = (name: string): LakeColumn => ({ name, type: DOUBLE })
const flag = (name: string): LakeColumn => ({ name, type: BOOLEAN })

/** Every row says which envelope it came from, when the hub took it, and in which form it is written. */
const ORIGIN: readonly LakeColumn[] = [{ name: 'envelope', type: BIGINT }, text('received_at'), whole('schema_version')]
const SUBJECT: readonly LakeColumn[] = [text('study'), text('patient'), whole('generation'), whole('revision')]
const MODEL: readonly LakeColumn[] = [text('model_name'), text('model_version'), text('model_digest')]

/**
 * The tables of the lake and their columns. `features` has a row an envelope; `scores` and `quality` have a row a score
 * and a measure of it. Everything that belongs to a patient names the pseudonym, so that it can be erased file by file.
 * `norm` is the Euclidean length of the embedding, null where a value is not finite; `embedding_digest` the SHA-256 of
 * its bytes (float32, little-endian).
 */
export const LAKE_TABLES = {
  features: [
    ...ORIGIN,
    ...SUBJECT,
    whole('instance'),
    text('modality'),
    text('view'),
    text('sex'),
    whole('age_decade'),
    text('month'),
    ...MODEL,
    { name: 'embedding', type: LIST(FLOAT) },
    whole('embedding_length'),
    real('norm'),
    text('embedding_digest'),
  ],
  scores: [
    ...ORIGIN,
    ...SUBJECT,
    whole('instance'),
    ...MODEL,
    whole('position'),
    text('code'),
    real('value'),
    whole('threshold_milli'),
    flag('above'),
  ],
  quality: [...ORIGIN, ...SUBJECT, whole('instance'), ...MODEL, text('measure'), real('value')],
  not_scored: [...ORIGIN, ...SUBJECT, whole('instance'), text('reason')],
  labels: [...ORIGIN, ...SUBJECT, text('label'), text('finding'), text('value'), text('reader'), flag('blind')],
  revisions: [...ORIGIN, ...SUBJECT, text('causes'), { name: 'same_instances', type: LIST(INTEGER) }],
  drift_counts: [...ORIGIN, ...MODEL, text('feature'), text('month'), whole('position'), whole('bin'), whole('count')],
} as const satisfies Readonly<Record<string, readonly LakeColumn[]>>

/** Name of a table of the lake. */
export type LakeTable = keyof typeof LAKE_TABLES

/** The tables' names, in a fixed order. */
export const LAKE_TABLE_NAMES = Object.keys(LAKE_TABLES) as readonly LakeTable[]

/** Tables whose rows belong to a patient. */
export const SUBJECT_TABLES = LAKE_TABLE_NAMES.filter((table) =>
  LAKE_TABLES[table].some((column) => column.name === 'patient'),
)

/** The envelope kind of which each row of these tables is exactly one; the others have several rows an envelope. */
export const KIND_OF_TABLE = {
  features: 'instance-features',
  not_scored: 'not-scored',
  labels: 'study-label',
  revisions: 'study-revision',
} as const satisfies Partial<Record<LakeTable, string>>

/** A cell as it is written. */
export type LakeCell = string | number | bigint | boolean | null | Float32Array | readonly number[]

/** A row on its way into a file: where it belongs, and its cells in the order of the table's columns. */
export interface LakeRow {
  readonly site: string
  /** UTC day on which the hub took the envelope, `YYYY-MM-DD`. */
  readonly date: string
  readonly cells: readonly LakeCell[]
}
