import type { DuckDBConnection } from '@duckdb/node-api'
import type { JsonValue } from '@leadglass/sync-agent/foundation'
import { literal, rowsOf } from './duckdb.ts'
import { LakeError } from './errors.ts'
import type { Accounting, ExclusionReason } from './exclusions.ts'

/** What a dataset holds, counted from the decided envelopes. */
export interface DatasetFigures {
  readonly accounting: Accounting
  readonly positives: number
  readonly negatives: number
  readonly patients: number
  readonly sites: readonly { readonly site: string; readonly rows: number }[]
}

const COUNT_REASONS = 'SELECT reason, count(*) AS n FROM pick GROUP BY reason ORDER BY reason'
const COUNT_ROWS = `SELECT count(*) FILTER (WHERE label = 1) AS positives, count(*) FILTER (WHERE label = 0) AS negatives,
  count(DISTINCT site || '/' || patient) AS patients FROM pick WHERE reason IS NULL`
const COUNT_SITES = 'SELECT site, count(*) AS rows FROM pick WHERE reason IS NULL GROUP BY site ORDER BY site'

/** The columns of a snapshot's files, in their order; `site` and `month` stand in the path. */
const ROWS = `SELECT p.site, f.month, p.study, p.patient, p.revision, p.instance, f.view, f.sex, f.age_decade, p.label,
  f.embedding FROM pick p JOIN features f ON f.envelope = p.envelope WHERE p.reason IS NULL
  ORDER BY p.site, f.month, p.study, p.instance`

/**
 * Counts the table `pick`.
 * @param taken features envelopes that the hub took, and how many of them were erased.
 * @throws {LakeError} `snapshot-unaccounted` when the lake holds another number than the hub took.
 */
export async function figuresOf(
  connection: DuckDBConnection,
  taken: { readonly envelopes: number; readonly erased: number },
): Promise<DatasetFigures> {
  const reasons = await rowsOf<{ reason: ExclusionReason | null; n: number }>(connection, COUNT_REASONS)
  const excluded: Partial<Record<ExclusionReason, number>> = {}
  if (taken.erased > 0) excluded.erased = taken.erased
  for (const { reason, n } of reasons) if (reason !== null) excluded[reason] = n
  const rows = reasons.find(({ reason }) => reason === null)?.n ?? 0
  const accounting = { envelopes: taken.envelopes, rows, excluded }
  assertAccounted(accounting)
  const [counted] = await rowsOf<{ positives: number; negatives: number; patients: number }>(connection, COUNT_ROWS)
  const sites = await rowsOf<DatasetFigures['sites'][number]>(connection, COUNT_SITES)
  return { accounting, ...(counted ?? { positives: 0, negatives: 0, patients: 0 }), sites }
}

/** Writes the rows of `pick` as zstd Parquet under `folder`: `site=<site>/month=<month>/*.parquet`. */
export async function writeDataset(connection: DuckDBConnection, folder: string): Promise<void> {
  await connection.run(`COPY (${ROWS}) TO ${literal(folder)}
    (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (site, month), FILENAME_PATTERN 'part-{i}')`)
}

/** Figures as a manifest states them. */
export function stated({ accounting, positives, negatives, patients, sites }: DatasetFigures): {
  readonly [name: string]: JsonValue
} {
  return {
    accounting: { ...accounting, excluded: { ...accounting.excluded } },
    positives,
    negatives,
    patients,
    sites: sites.map((one) => ({ ...one })),
  }
}

function assertAccounted({ envelopes, rows, excluded }: Accounting): void {
  const left = Object.values(excluded).reduce((sum, value) => sum + value, 0)
  if (rows + left === envelopes) return
  throw new LakeError('snapshot-unaccounted', 'permanent', {
    message: `rows (${rows}) and exclusions (${left}) do not add up to the envelopes that the hub took (${envelopes})`,
    effect: 'the snapshot was not made',
    nextStep: 'run "leadglass lake verify", and report this as a defect',
  })
}
