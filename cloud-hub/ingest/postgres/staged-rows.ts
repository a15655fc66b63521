import type { PostgresClient } from '../../storage/index.ts'

type Value = string | number | null

/** A column's name, its type in PostgreSQL, and how its array is turned into values. */
type Column = readonly [name: string, type: 'text' | 'bigint' | 'integer' | 'smallint' | 'double precision' | 'base64']

const MODEL = [
  ['model_name', 'text'],
  ['model_version', 'text'],
  ['model_digest', 'text'],
] as const satisfies readonly Column[]
const REVISION = [
  ['envelope', 'bigint'],
  ['study', 'text'],
  ['patient', 'text'],
  ['revision', 'bigint'],
] as const satisfies readonly Column[]

/** Tables in the order in which they are written: what is referred to first. */
const TABLES = {
  envelope_inbox: [
    ['id', 'bigint'],
    ['device', 'text'],
    ['epoch', 'integer'],
    ['stream', 'text'],
    ['sequence', 'bigint'],
    ['kind', 'text'],
    ['digest', 'text'],
    ['received_at', 'text'],
  ],
  instance_features: [
    ...REVISION,
    ['instance', 'integer'],
    ['modality', 'text'],
    ['view', 'text'],
    ['sex', 'text'],
    ['age_decade', 'integer'],
    ['month', 'text'],
    ...MODEL,
    ['embedding', 'base64'],
    ['quality', 'text'],
    ['generation', 'bigint'],
  ],
  instance_scores: [
    ['envelope', 'bigint'],
    ['position', 'integer'],
    ['code', 'text'],
    ['value', 'double precision'],
    ['threshold_milli', 'integer'],
    ['above', 'smallint'],
  ],
  not_scored: [...REVISION, ['instance', 'integer'], ['reason', 'text'], ['generation', 'bigint']],
  study_revisions: [...REVISION, ['causes', 'text'], ['same_instances', 'text'], ['generation', 'bigint']],
  study_labels: [
    ['envelope', 'bigint'],
    ['label', 'text'],
    ['study', 'text'],
    ['patient', 'text'],
    ['revision', 'bigint'],
    ['finding', 'text'],
    ['value', 'text'],
    ['reader', 'text'],
    ['blind', 'smallint'],
    ['generation', 'bigint'],
  ],
  drift_counts: [['envelope', 'bigint'], ...MODEL, ['feature', 'text'], ['month', 'text'], ['hour', 'integer']],
  drift_cells: [
    ['envelope', 'bigint'],
    ['position', 'integer'],
    ['bin', 'integer'],
    ['count', 'bigint'],
  ],
  deployment_statistics: [
    ['envelope', 'bigint'],
    ...MODEL,
    ['champion_name', 'text'],
    ['champion_version', 'text'],
    ['champion_digest', 'text'],
    ['role', 'text'],
    ['month', 'text'],
  ],
  deployment_statistics_cells: [
    ['envelope', 'bigint'],
    ['position', 'integer'],
    ['measure', 'text'],
    ['code', 'text'],
    ['bin', 'integer'],
    ['count', 'bigint'],
  ],
  device_health: [
    ['envelope', 'bigint'],
    ['software_version', 'text'],
    ['models', 'text'],
    ['figures', 'text'],
  ],
  reported_envelope: [
    ['envelope', 'bigint'],
    ['body', 'text'],
  ],
  epoch_statement: [
    ['envelope', 'bigint'],
    ['epoch', 'integer'],
    ['serial', 'bigint'],
    ['run', 'bigint'],
    ['closed', 'smallint'],
    ['envelopes', 'bigint'],
    ['root', 'text'],
    ['ranges', 'text'],
    ['signature', 'text'],
  ],
  site_leaf: [
    ['device', 'text'],
    ['leaf_index', 'bigint'],
    ['leaf', 'base64'],
    ['hash', 'base64'],
  ],
  site_subtree: [
    ['device', 'text'],
    ['level', 'integer'],
    ['position', 'bigint'],
    ['hash', 'base64'],
  ],
  site_leaf_envelope: [
    ['envelope', 'bigint'],
    ['device', 'text'],
    ['leaf_index', 'bigint'],
  ],
  site_checkpoint: [
    ['envelope', 'bigint'],
    ['device', 'text'],
    ['size', 'bigint'],
    ['note', 'text'],
    ['cosigned', 'text'],
  ],
} as const satisfies Readonly<Record<string, readonly Column[]>>

/** A table into which ingest writes. */
export type IngestTable = keyof typeof TABLES

/**
 * Rows to be written together: one statement a table, however many rows, with one array a column. The text of a statement
 * never changes, so each connection prepares it once.
 */
export class StagedRows {
  readonly #rows = new Map<IngestTable, Value[][]>()

  /** Adds a row; `values` in the order of the table's columns. Bytes are given as base64. */
  add(table: IngestTable, ...values: readonly Value[]): void {
    const columns = this.#rows.get(table) ?? TABLES[table].map(() => [])
    for (const [i, column] of columns.entries()) column.push(values[i] ?? null)
    this.#rows.set(table, columns)
  }

  /** Writes everything. */
  async write(client: PostgresClient): Promise<void> {
    for (const table of Object.keys(TABLES) as IngestTable[]) {
      const values = this.#rows.get(table)
      if (values === undefined) continue
      await client.query({ name: `ingest-${table}`, text: INSERTS[table], values })
    }
  }
}

const INSERTS = Object.fromEntries(
  (Object.entries(TABLES) as [IngestTable, readonly Column[]][]).map(([table, columns]) => [
    table,
    insertOf(table, columns),
  ]),
) as Readonly<Record<IngestTable, string>>

function insertOf(table: string, columns: readonly Column[]): string {
  const names = columns.map(([name]) => name).join(', ')
  const arrays = columns.map(([, type], i) => `$${i + 1}::${type === 'base64' ? 'text' : type}[]`).join(', ')
  const picked = columns.map(([name, type]) => (type === 'base64' ? `decode(${name}, 'base64')` : name)).join(', ')
  return `INSERT INTO ${table} (${names}) SELECT ${picked} FROM unnest(${arrays}) AS staged (${names})`
}
