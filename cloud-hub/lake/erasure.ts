import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { LakeCatalog, TableChange } from './catalog.ts'
import { literal, rowsOf, withDuckDb } from './duckdb.ts'
import type { ErasureBook, OpenErasure } from './erasure-book.ts'
import type { ErasureReport, ErasureRequest } from './erasure-record.ts'
import { LakeError } from './errors.ts'
import type { LakeFiles } from './files.ts'
import { purge } from './purge.ts'
import type { SnapshotBook } from './snapshot-book.ts'
import { DATA_FOLDER, listFiles, SUPERSEDED_MARK } from './snapshot-folder.ts'
import { SUBJECT_TABLES } from './tables.ts'
import type { LakeFile } from './version.ts'
import { createViews } from './views.ts'

interface Parts {
  readonly catalog: LakeCatalog
  readonly files: LakeFiles
  readonly book: ErasureBook
  readonly snapshots: SnapshotBook
  readonly folderOf: (digest: string) => string
}

/**
 * Deletes one patient of one site (Art. 17 GDPR). First the record, the effects in the hub's tables and the intention are one
 * transaction; then files that hold rows are written again without them and the old ones deleted; then snapshots. Each step
 * can be repeated: a start after a kill ends what was begun.
 */
export class Erasure {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws {LakeError} `subject-unknown` when no row names the patient. */
  async run(request: ErasureRequest): Promise<ErasureReport> {
    const { studies, envelopes } = await this.#find(request)
    if (envelopes.length === 0) throw unknown(request.site)
    const erasure = randomUUID()
    this.#parts.book.begin(erasure, request, studies, envelopes)
    return this.#finish({ ...request, erasure, studies, envelopes: envelopes.length })
  }

  /** Ends what a kill interrupted. */
  async resume(): Promise<readonly ErasureReport[]> {
    const ended: ErasureReport[] = []
    for (const open of this.#parts.book.open()) ended.push(await this.#finish(open))
    return ended
  }

  /** The patient's studies by the last word of the site, and all envelopes that name the patient or those studies. */
  async #find({ site, patient }: ErasureRequest): Promise<{
    readonly studies: readonly string[]
    readonly envelopes: readonly number[]
  }> {
    const { catalog, files } = this.#parts
    const of = (table: (typeof SUBJECT_TABLES)[number]): readonly LakeFile[] =>
      catalog.files(table).filter((file) => file.site === site)
    return withDuckDb(async (connection) => {
      await createViews(connection, files, new Map(SUBJECT_TABLES.map((table) => [table, of(table)])))
      const found = await rowsOf<{ study: string }>(
        connection,
        `SELECT study FROM (SELECT study, patient FROM revisions
           QUALIFY row_number() OVER (PARTITION BY study ORDER BY revision DESC, envelope DESC) = 1)
         WHERE patient = ${literal(patient)} ORDER BY study`,
      )
      const studies = found.map((row) => row.study)
      const where = belongs(patient, studies)
      const union = SUBJECT_TABLES.map((table) => `SELECT envelope FROM ${table} WHERE ${where}`).join(' UNION ')
      const ids = await rowsOf<{ envelope: number }>(connection, `SELECT envelope FROM (${union}) ORDER BY envelope`)
      return { studies, envelopes: ids.map((row) => row.envelope) }
    })
  }

  async #finish(open: OpenErasure): Promise<ErasureReport> {
    const { catalog, files, book } = this.#parts
    const changes: TableChange[] = []
    let rows = 0
    for (const table of SUBJECT_TABLES) {
      const { change, gone } = await this.#rewrite(table, open)
      if (change !== undefined) changes.push(change)
      rows += gone
    }
    await files.settle()
    catalog.commit(changes, () => {
      for (const { table } of changes) catalog.expire(table, catalog.head(table)?.number ?? 0)
    })
    for (const table of SUBJECT_TABLES) await purge(catalog, files, table)
    await this.#supersede(open)
    const count = (of: 'added' | 'removed'): number => changes.reduce((sum, change) => sum + change[of].length, 0)
    const { erasure, site, requestedBy, envelopes } = open
    const figures = { rows, filesBefore: count('removed'), filesAfter: count('added') }
    const report = { erasure, site, requestedBy, envelopes, ...figures, snapshots: book.superseded(erasure) }
    book.close(report)
    return report
  }

  async #rewrite(
    table: (typeof SUBJECT_TABLES)[number],
    { site, patient, studies }: OpenErasure,
  ): Promise<{ readonly change?: TableChange; readonly gone: number }> {
    const { catalog, files } = this.#parts
    const where = belongs(patient, studies)
    const added: LakeFile[] = []
    const removed: string[] = []
    let gone = 0
    await withDuckDb(
      async (connection) => {
        for (const file of catalog.files(table).filter((one) => one.site === site)) {
          const source = `read_parquet(${literal(files.pathOf(file))}, hive_partitioning = false)`
          const [hit] = await rowsOf<{ n: number }>(connection, `SELECT count(*) AS n FROM ${source} WHERE ${where}`)
          if (hit === undefined || hit.n === 0) continue
          const rest = await files.write(connection, `(SELECT * FROM ${source} WHERE NOT (${where}))`, {
            table,
            ...file,
          })
          if ((rest?.rows ?? 0) + hit.n !== file.rows) throw unaccounted(table)
          if (rest !== undefined) added.push(rest)
          removed.push(file.path)
          gone += hit.n
        }
      },
      { spill: files.spill },
    )
    return removed.length === 0 ? { gone } : { change: { table, cause: 'erasure', added, removed }, gone }
  }

  async #supersede({ erasure, site, patient, studies }: OpenErasure): Promise<void> {
    const { snapshots, folderOf, book } = this.#parts
    for (const digest of snapshots.intact()) {
      const rows = await rowsIn(folderOf(digest), site, belongs(patient, studies))
      if (rows === 0) continue
      const mark = canonicalJson({ schema: 'leadglass.superseded-snapshot/1', erasure })
      await writeFileAtomically(join(folderOf(digest), SUPERSEDED_MARK), mark, 0o400)
      snapshots.supersede(digest, erasure, rows)
    }
    for (const digest of book.superseded(erasure)) {
      await rm(join(folderOf(digest), DATA_FOLDER), { recursive: true, force: true })
    }
  }
}

/** Rows of the patient in a snapshot; 0 where its data is gone already. */
async function rowsIn(folder: string, site: string, where: string): Promise<number> {
  const files = await listFiles(join(folder, DATA_FOLDER)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (files.length === 0) return 0
  const pattern = literal(join(folder, DATA_FOLDER, '**', '*.parquet'))
  const found = await withDuckDb((connection) =>
    rowsOf<{ n: number }>(
      connection,
      `SELECT count(*) AS n FROM read_parquet(${pattern}, hive_partitioning = true, hive_types_autocast = false)
       WHERE site = ${literal(site)} AND (${where})`,
    ),
  )
  return found[0]?.n ?? 0
}

function belongs(patient: string, studies: readonly string[]): string {
  const named = `patient = ${literal(patient)}`
  return studies.length === 0 ? named : `${named} OR study IN (${studies.map(literal).join(', ')})`
}

function unknown(site: string): LakeError {
  return new LakeError('subject-unknown', 'permanent', {
    message: `nothing of this pseudonym has come from ${site}`,
    effect: 'nothing was erased',
    nextStep: 'take the pseudonym from the site’s own records: each site has its own for the same person',
  })
}

function unaccounted(table: string): LakeError {
  return new LakeError('lake-unaccounted', 'permanent', {
    message: `a file of ${table} did not give all its other rows when it was written again`,
    effect: 'the erasure is not ended; the file stays, and the next start tries again',
    nextStep: 'run "leadglass lake verify" to see which file is damaged',
  })
}
