import type { DuckDBConnection } from '@duckdb/node-api'
import type { LakeCatalog, TableChange } from './catalog.ts'
import { appendRows, createTable, withDuckDb } from './duckdb.ts'
import type { LakeFiles } from './files.ts'
import type { LakeSource, SourceBatch } from './source.ts'
import { LAKE_ROW_SCHEMA, LAKE_TABLES, type LakeRow, type LakeTable } from './tables.ts'

/** Envelopes of one step: with embeddings of a thousand numbers some 80 MB. */
const BATCH = 16_384

/**
 * Carries committed envelopes into the lake. A step writes files first, durably, and then commits versions and cursor in one
 * transaction: a kill before it leaves files that nothing refers to, which the next start removes; there is nothing
 * between. So each envelope is in the lake once.
 */
export class LakeWriter {
  readonly #source: LakeSource
  readonly #catalog: LakeCatalog
  readonly #files: LakeFiles
  readonly #batch: number

  /** @param batch envelopes of one step. */
  constructor(source: LakeSource, catalog: LakeCatalog, files: LakeFiles, batch = BATCH) {
    this.#source = source
    this.#catalog = catalog
    this.#files = files
    this.#batch = batch
  }

  /** Writes everything that is committed now. @returns the number of envelopes' ids that the cursor went over. */
  async catchUp(): Promise<number> {
    const from = this.#catalog.cursor().envelope
    for (;;) {
      const at = this.#catalog.cursor().envelope
      const batch = await this.#source.read(at, this.#batch)
      if (batch.last > at) await this.#take(batch)
      else if (this.#catalog.cursor().movedAt === null) this.#commit([], batch)
      if (batch.complete) return batch.last - from
    }
  }

  async #take(batch: SourceBatch): Promise<void> {
    const changes = await withDuckDb(
      async (connection) => {
        const written: TableChange[] = []
        for (const [table, rows] of batch.rows) {
          if (rows.length > 0) written.push(await this.#table(connection, table, rows))
        }
        return written
      },
      { spill: this.#files.spill },
    )
    await this.#files.settle()
    this.#commit(changes, batch)
  }

  #commit(changes: readonly TableChange[], { last, watermarks }: SourceBatch): void {
    this.#catalog.commit(changes, () => this.#catalog.moveCursor(last, watermarks))
  }

  async #table(connection: DuckDBConnection, table: LakeTable, rows: readonly LakeRow[]): Promise<TableChange> {
    const columns = LAKE_TABLES[table]
    const added = []
    for (const [site, date, part] of partitioned(rows)) {
      const cells = part.map((row) => row.cells)
      await connection.run(createTable('incoming', columns))
      await appendRows(connection, 'incoming', columns, cells)
      const file = await this.#files.write(connection, 'incoming', {
        table,
        site,
        date,
        schemaVersion: LAKE_ROW_SCHEMA,
      })
      await connection.run('DROP TABLE incoming')
      if (file !== undefined) added.push(file)
    }
    return { table, cause: 'append', added, removed: [] }
  }
}

function partitioned(rows: readonly LakeRow[]): [string, string, LakeRow[]][] {
  const parts = new Map<string, [string, string, LakeRow[]]>()
  for (const row of rows) {
    const key = `${row.site}/${row.date}`
    const part = parts.get(key) ?? [row.site, row.date, []]
    part[2].push(row)
    parts.set(key, part)
  }
  return [...parts.values()]
}
