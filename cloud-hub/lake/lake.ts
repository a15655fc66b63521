import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Clock,
  canonicalJson,
  digestOf,
  syncFolder,
  toIsoInstant,
  writeFileAtomically,
} from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { LakeCatalog } from './catalog.ts'
import { Compaction, type CompactionReport } from './compaction.ts'
import { type DatasetFigures, figuresOf, stated, writeDataset } from './dataset.ts'
import { withDuckDb } from './duckdb.ts'
import { Erasure } from './erasure.ts'
import { ErasureBook, type ListedErasure } from './erasure-book.ts'
import type { ErasureReport, ErasureRequest } from './erasure-record.ts'
import { LakeError } from './errors.ts'
import { LakeFiles } from './files.ts'
import { type SnapshotManifest, snapshotManifest } from './manifest.ts'
import { purge } from './purge.ts'
import { type QueryAnswer, runQuery } from './query.ts'
import { RevokedReaders } from './revoked-readers.ts'
import type { SelectionRules, StandingExclusions } from './rules.ts'
import { type Selection, selectRows } from './selection.ts'
import { SnapshotBook } from './snapshot-book.ts'
import { DATA_FOLDER, listFiles, manifestBytes, SNAPSHOT_MANIFEST, type SnapshotState } from './snapshot-folder.ts'
import type { LakeSource } from './source.ts'
import { SqliteLakeSource } from './sqlite-source.ts'
import { type LakeStatus, readStatus } from './status.ts'
import { LAKE_TABLE_NAMES } from './tables.ts'
import { type LakeFinding, verifyLake } from './verify.ts'
import { createViews, type PinnedTables } from './views.ts'
import { LakeWriter } from './writer.ts'

/** How long files stay that a compaction put together: versions that cite them remain readable for as long. */
const KEEP_MS = 7 * 86_400_000
/** Small files of a site and day that are worth putting together by the way. */
const TIDY_AT = 16

/** What a snapshot is made for. */
export interface SnapshotRequest extends SelectionRules {
  readonly finding: string
  readonly model: string
  /** Digest of the package that is to be retrained. */
  readonly parentDigest: string
}

/** A snapshot on disk. */
export interface Snapshot {
  readonly digest: string
  readonly folder: string
  readonly manifest: SnapshotManifest
}

/**
 * What the sites sent, as Parquet that is only ever added to, and immutable snapshots of it under `snapshots/<digest>`.
 * Whatever writes runs one after the other.
 */
export class Lake {
  readonly revokedReaders: RevokedReaders
  readonly #folder: string
  readonly #clock: Clock
  readonly #source: LakeSource
  readonly #catalog: LakeCatalog
  readonly #files: LakeFiles
  readonly #writer: LakeWriter
  readonly #book: SnapshotBook
  readonly #erasures: ErasureBook
  readonly #erasure: Erasure
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    database: Database.Database,
    folder: string,
    clock: Clock,
    source: LakeSource = new SqliteLakeSource(database),
  ) {
    this.#folder = folder
    this.#clock = clock
    this.#source = source
    this.#catalog = new LakeCatalog(database, clock)
    this.#files = new LakeFiles(folder)
    this.#writer = new LakeWriter(source, this.#catalog, this.#files)
    this.#book = new SnapshotBook(database, clock)
    this.#erasures = new ErasureBook(database, clock)
    this.revokedReaders = new RevokedReaders(database, clock)
    const parts = { catalog: this.#catalog, files: this.#files, book: this.#erasures, snapshots: this.#book }
    this.#erasure = new Erasure({ ...parts, folderOf: (digest) => this.folderOf(digest) })
  }

  /** Where a snapshot lies. */
  folderOf(digest: string): string {
    return join(this.#folder, 'snapshots', digest)
  }

  /** The manifest of a known snapshot. */
  manifestOf(digest: string): SnapshotManifest | undefined {
    return this.#book.manifestOf(digest)
  }

  /** Whether a snapshot still is what it was; undefined for one that is not known. */
  snapshotState(digest: string): SnapshotState | undefined {
    return this.#book.stateOf(digest)
  }

  /**
   * Begins again where a kill or a stop left off: removes what no version refers to, and ends what an erasure began.
   * @returns the erasures that were ended only now.
   */
  recover(): Promise<readonly ErasureReport[]> {
    return this.#alone(async () => {
      await this.#files.sweep(this.#catalog.paths())
      for (const table of LAKE_TABLE_NAMES) await purge(this.#catalog, this.#files, table)
      await this.#sweepSnapshots()
      return this.#erasure.resume()
    })
  }

  /** A kill between the folder and its record leaves a snapshot that nobody knows, and that no erasure would find. */
  async #sweepSnapshots(): Promise<void> {
    const digests = await readdir(join(this.#folder, 'snapshots')).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const digest of digests) {
      if (this.#book.stateOf(digest) === undefined) await rm(this.folderOf(digest), { recursive: true, force: true })
    }
  }

  /** Writes everything into the lake that is committed now. @returns how far the cursor went. */
  catchUp(): Promise<number> {
    return this.#alone(() => this.#writer.catchUp())
  }

  /** Puts small files together. @param least files that a site's day must have; @param progress after each group. */
  compact(least = 2, progress?: (done: number, of: number) => void): Promise<CompactionReport> {
    return this.#alone(() => new Compaction(this.#catalog, this.#files).run(least, progress))
  }

  /** What runs by the way: puts together where it is worth it, and lets versions expire that nobody needs any more. */
  async tidy(): Promise<void> {
    await this.compact(TIDY_AT)
    await this.#alone(async () => {
      const before = toIsoInstant(this.#clock.now() - KEEP_MS)
      for (const table of LAKE_TABLE_NAMES) {
        this.#catalog.expire(table, Math.max(1, this.#catalog.versionAt(table, before)))
        await purge(this.#catalog, this.#files, table)
      }
    })
  }

  /** Tables, versions and the account of what came in against what lies here. */
  status(): Promise<LakeStatus> {
    return readStatus(this.#catalog, this.#source)
  }

  /** The newest snapshots, with their accounts. */
  snapshots(limit = 20): ReturnType<SnapshotBook['list']> {
    return this.#book.list(limit)
  }

  /** Every erasure, newest first. */
  erasures(): readonly ListedErasure[] {
    return this.#erasures.list()
  }

  /** Replays every chain of versions and reads every file again. Empty when all is as it should be. */
  verify(progress?: (done: number, of: number) => void): Promise<readonly LakeFinding[]> {
    return this.#alone(() => verifyLake(this.#catalog, this.#files, progress))
  }

  /** Runs one SELECT over the tables. @throws {LakeError} `query-refused`, `query-failed`. */
  query(sql: string, limit: number): Promise<QueryAnswer> {
    return runQuery(this.#folder, this.#files, this.#pinned(), sql, limit)
  }

  /**
   * Deletes everything of one patient of one site, in the hub's tables, in the lake and in snapshots.
   * @throws {LakeError} `subject-unknown` when nothing of that patient is there.
   */
  erase(request: ErasureRequest): Promise<ErasureReport> {
    return this.#alone(async () => {
      await this.#writer.catchUp()
      return this.#erasure.run(request)
    })
  }

  /**
   * Fixes what the hub knows now as a dataset. The same envelopes under the same rules give the same digest.
   * @throws {LakeError} `snapshot-empty` when no envelope becomes a row.
   */
  createSnapshot(request: SnapshotRequest): Promise<Snapshot> {
    return this.#alone(async () => {
      await this.#writer.catchUp()
      const working = join(this.#folder, 'work', randomUUID())
      await mkdir(join(working, DATA_FOLDER), { recursive: true, mode: 0o700 })
      try {
        return await withDuckDb((connection) => this.#freeze(connection, request, working), {
          spill: this.#files.spill,
        })
      } finally {
        await rm(working, { recursive: true, force: true })
      }
    })
  }

  async #freeze(
    connection: Parameters<typeof writeDataset>[0],
    request: SnapshotRequest,
    working: string,
  ): Promise<Snapshot> {
    await createViews(connection, this.#files, this.#pinned())
    const standing: StandingExclusions = {
      revokedReaders: this.revokedReaders.list(),
      erasedSubjects: this.#erasures.subjects(),
    }
    const selection = await selectRows(connection, request, request, standing)
    const cursor = this.#catalog.cursor()
    const taken = (await this.#source.taken(cursor.envelope)).filter(({ kind }) => kind === 'instance-features')
    const total = (of: 'envelopes' | 'erased'): number => taken.reduce((sum, one) => sum + one[of], 0)
    const figures = await figuresOf(connection, { envelopes: total('envelopes'), erased: total('erased') })
    if (figures.accounting.rows === 0) throw empty(figures)
    await writeDataset(connection, join(working, DATA_FOLDER))
    const manifest = snapshotManifest.parse({
      schema: 'leadglass.dataset-snapshot/1',
      finding: request.finding,
      model: request.model,
      backbone: request.backbone,
      embeddingLength: request.embeddingLength,
      ...stated(figures),
      rules: rulesOf(request, selection, standing),
      watermarks: cursor.watermarks,
      files: await listFiles(join(working, DATA_FOLDER)),
    })
    return this.#publish(working, manifest, request.parentDigest)
  }

  async #publish(working: string, manifest: SnapshotManifest, parentDigest: string): Promise<Snapshot> {
    const text = manifestBytes(manifest)
    const digest = digestOf(text)
    const folder = this.folderOf(digest)
    await writeFileAtomically(join(working, SNAPSHOT_MANIFEST), text, 0o400)
    await mkdir(join(this.#folder, 'snapshots'), { recursive: true, mode: 0o700 })
    // A folder of this digest is this snapshot, left by an earlier request or by a run that was killed here.
    await rename(working, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    await syncFolder(join(this.#folder, 'snapshots'))
    const heads = LAKE_TABLE_NAMES.flatMap((table) => {
      const head = this.#catalog.head(table)
      return head === undefined ? [] : [[table, head.digest] as const]
    })
    this.#book.add(digest, manifest, parentDigest, Object.fromEntries(heads))
    return { digest, folder, manifest }
  }

  #pinned(): PinnedTables {
    return new Map(LAKE_TABLE_NAMES.map((table) => [table, this.#catalog.files(table)]))
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#last.then(act, act)
    this.#last = next.catch(() => undefined)
    return next
  }
}

function rulesOf(request: SnapshotRequest, { norms, noisySites }: Selection, standing: StandingExclusions): object {
  return {
    cutoff: request.cutoff ?? null,
    norms,
    revokedReaders: standing.revokedReaders.length,
    noisySites,
  }
}

function empty({ accounting }: DatasetFigures): LakeError {
  return new LakeError('snapshot-empty', 'permanent', {
    message: `no envelope became a row: ${canonicalJson({ ...accounting.excluded })}`,
    effect: 'there is nothing to train from',
    nextStep: 'wait until studies of this model are labelled for this finding',
  })
}
