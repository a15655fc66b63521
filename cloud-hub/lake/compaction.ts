import type { LakeCatalog } from './catalog.ts'
import { literal, rowsOf, withDuckDb } from './duckdb.ts'
import { LakeError } from './errors.ts'
import type { LakeFiles } from './files.ts'
import { LAKE_TABLE_NAMES, type LakeTable } from './tables.ts'
import type { LakeFile } from './version.ts'

/** A file of this size stays as it is. */
const BIG_ENOUGH = 256 * 1024 * 1024

/** What a compaction did. */
export interface CompactionReport {
  readonly before: number
  readonly after: number
  readonly rows: number
  readonly bytes: number
}

/**
 * Puts the files of a site and a day together. Each group is a version of its own, so a kill in between leaves whole
 * groups done; the files that were put together stay until their versions expire.
 */
export class Compaction {
  readonly #catalog: LakeCatalog
  readonly #files: LakeFiles

  constructor(catalog: LakeCatalog, files: LakeFiles) {
    this.#catalog = catalog
    this.#files = files
  }

  /** @param least files that a group must have to be worth it; at least 2. */
  async run(least: number, progress: (done: number, of: number) => void = () => undefined): Promise<CompactionReport> {
    const groups = LAKE_TABLE_NAMES.flatMap((table) => this.#groups(table, least))
    let [after, rows, bytes] = [0, 0, 0]
    for (const [i, { table, files }] of groups.entries()) {
      const file = await this.#together(table, files)
      await this.#files.settle()
      this.#catalog.commit([{ table, cause: 'compaction', added: [file], removed: files.map((one) => one.path) }])
      after += 1
      rows += file.rows
      bytes += file.bytes
      progress(i + 1, groups.length)
    }
    return { before: groups.reduce((sum, { files }) => sum + files.length, 0), after, rows, bytes }
  }

  #groups(table: LakeTable, least: number): { readonly table: LakeTable; readonly files: readonly LakeFile[] }[] {
    const small = this.#catalog.files(table).filter((file) => file.bytes < BIG_ENOUGH)
    const groups = Map.groupBy(small, ({ site, date, schemaVersion }) => `${site}/${date}/${schemaVersion}`)
    return [...groups.values()].filter((files) => files.length >= least).map((files) => ({ table, files }))
  }

  async #together(table: LakeTable, files: readonly LakeFile[]): Promise<LakeFile> {
    const [first] = files
    const paths = files.map((file) => literal(this.#files.pathOf(file))).join(', ')
    const expected = files.reduce((sum, file) => sum + file.rows, 0)
    return withDuckDb(
      async (connection) => {
        const source = `read_parquet([${paths}], hive_partitioning = false)`
        const written = first && (await this.#files.write(connection, source, { table, ...first }))
        if (written === undefined || written.rows !== expected) throw unaccounted(table)
        const sum = await rowsOf<{ rows: number }>(
          connection,
          `SELECT count(*) AS rows FROM read_parquet(${literal(this.#files.pathOf(written))}, hive_partitioning = false)`,
        )
        if (sum[0]?.rows !== expected) throw unaccounted(table)
        return written
      },
      { spill: this.#files.spill },
    )
  }
}

function unaccounted(table: string): LakeError {
  return new LakeError('lake-unaccounted', 'permanent', {
    message: `files of ${table} did not give all their rows when they were put together`,
    effect: 'they stay as they were; nothing is lost',
    nextStep: 'run "leadglass lake verify" to see which file is damaged',
  })
}
