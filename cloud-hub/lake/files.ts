import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { digestOfFile, syncFolder } from '@leadglass/sync-agent/foundation'
import { literal, rowsOf } from './duckdb.ts'
import { LAKE_TABLES, type LakeTable } from './tables.ts'
import type { LakeFile } from './version.ts'

/** Rows that belong together in a row group; with embeddings of a thousand numbers about 50 MB. */
const ROW_GROUP = 10_240
const EXTENT = 'count(*) AS rows, min(envelope) AS minEnvelope, max(envelope) AS maxEnvelope'

/** Where rows of one table, site and day go. */
export interface Partition {
  readonly table: LakeTable
  readonly site: string
  readonly date: string
  readonly schemaVersion: number
}

/** What several rows of one envelope are told apart by. */
const WITHIN: Readonly<Partial<Record<LakeTable, string>>> = {
  scores: ', position',
  quality: ', measure',
  drift_counts: ', position',
}

/** The order in which the rows of a file lie: one for every content, so that equal rows give equal bytes. */
export function orderOf(table: LakeTable): string {
  return `envelope${WITHIN[table] ?? ''}`
}

/** The files of the lake below its folder: whole and durable before anything refers to them. */
export class LakeFiles {
  readonly #folder: string
  /** What was written since the last `settle`: files, and folders with new entries. */
  readonly #files = new Set<string>()
  readonly #folders = new Set<string>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Where DuckDB may write what does not fit into memory. */
  get spill(): string {
    return join(this.#folder, 'work', 'spill')
  }

  /** The absolute path of a file. */
  pathOf(file: Pick<LakeFile, 'path'>): string {
    return join(this.#folder, file.path)
  }

  /**
   * Writes the rows of `source` (a table or a query in parentheses) as one zstd Parquet file of a partition. The name holds
   * the first and last envelope and the content's digest: the same rows are the same file. Nothing may refer to it before
   * `settle`. @returns undefined without rows.
   */
  async write(connection: DuckDBConnection, source: string, partition: Partition): Promise<LakeFile | undefined> {
    const { table, site, date, schemaVersion } = partition
    const [extent] = await rowsOf<Pick<LakeFile, 'rows' | 'minEnvelope' | 'maxEnvelope'>>(
      connection,
      `SELECT ${EXTENT} FROM ${source}`,
    )
    if (extent === undefined || extent.rows === 0) return undefined
    const work = join(this.#folder, 'work')
    await mkdir(work, { recursive: true, mode: 0o700 })
    const temporary = join(work, `${randomUUID()}.parquet`)
    const columns = LAKE_TABLES[table].map((column) => column.name).join(', ')
    await connection.run(`COPY (SELECT ${columns} FROM ${source} ORDER BY ${orderOf(table)}) TO ${literal(temporary)}
      (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP})`)
    const sha256 = await digestOfFile(temporary)
    const folder = join('tables', table, `site=${site}`, `date=${date}`)
    const path = join(folder, `${extent.minEnvelope}-${extent.maxEnvelope}-${sha256.slice(0, 16)}.parquet`)
    const { size: bytes } = await stat(temporary)
    await this.#makeFolder(folder)
    await rename(temporary, join(this.#folder, path))
    this.#files.add(join(this.#folder, path))
    this.#folders.add(join(this.#folder, folder))
    return { path, site, date, sha256, bytes, ...extent, schemaVersion }
  }

  /**
   * Makes everything durable that was written since the last time. All at once: a disk ends many flushes that wait for each
   * other in the time of a few.
   */
  async settle(): Promise<void> {
    await Promise.all([...this.#files].map(durable))
    await Promise.all([...this.#folders].map(syncFolder))
    this.#files.clear()
    this.#folders.clear()
  }

  /** Removes a file, durably. One that is gone already is no failure. */
  async remove(path: string): Promise<void> {
    const full = join(this.#folder, path)
    await rm(full, { force: true })
    await syncFolder(dirname(full)).catch(ignoreMissing)
    // The day's folder goes with its last file; one that still holds others stays.
    await rmdir(dirname(full)).catch(() => undefined)
  }

  /** Every file below `tables/`, relative to the lake's folder. */
  async list(): Promise<readonly string[]> {
    const entries = await readdir(join(this.#folder, 'tables'), { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []
        throw error
      },
    )
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#folder.length + 1))
      .sort()
  }

  /** Removes what a kill left: half-written files, and whole ones that no version refers to. @returns how many. */
  async sweep(known: ReadonlySet<string>): Promise<number> {
    await rm(join(this.#folder, 'work'), { recursive: true, force: true })
    const orphans = (await this.list()).filter((path) => !known.has(path))
    for (const path of orphans) await this.remove(path)
    return orphans.length
  }

  async #makeFolder(folder: string): Promise<void> {
    const made = await mkdir(join(this.#folder, folder), { recursive: true, mode: 0o700 })
    if (made === undefined) return
    // Each new folder's own entry must be durable as well, up to the first that was there before.
    for (let at = join(this.#folder, folder); at.length >= made.length; at = dirname(at)) this.#folders.add(dirname(at))
  }
}

async function durable(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
