import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Clock,
  canonicalJson,
  digestOf,
  type JsonValue,
  syncFolder,
  toIsoInstant,
  writeFileAtomically,
} from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { LakeError } from './errors.ts'
import { type SnapshotManifest, snapshotManifest } from './manifest.ts'
import { writeParquet } from './parquet.ts'
import {
  type Candidate,
  type ExclusionReason,
  type LatestLabel,
  type SelectionRules,
  type StandingRevision,
  selectRows,
} from './selection.ts'
import { DATA_FOLDER, listFiles, manifestBytes, SNAPSHOT_MANIFEST } from './snapshot-folder.ts'

const COUNT_ALL = 'SELECT count(*) AS n FROM instance_features'
export const READ_CANDIDATES = `SELECT f.envelope, i.device AS site, f.study, f.patient, f.revision, f.instance,
  ifnull(f.generation, 1) AS generation,
  f.model_digest AS modelDigest, f.month, f.view, f.sex, f.age_decade AS ageDecade, f.embedding
  FROM instance_features f JOIN envelope_inbox i ON i.id = f.envelope WHERE f.model_name = ? ORDER BY f.envelope`
export const READ_LABELS = `SELECT i.device AS site, l.study, l.revision, l.value FROM study_labels l
  JOIN envelope_inbox i ON i.id = l.envelope WHERE l.finding = ? ORDER BY l.envelope`
export const READ_REVISIONS = `SELECT i.device AS site, r.study, r.patient, r.revision, r.same_instances AS sameInstances
  FROM study_revisions r JOIN envelope_inbox i ON i.id = r.envelope ORDER BY r.envelope`
const READ_WATERMARKS = `SELECT device AS site, epoch, stream, sequence FROM stream_watermark
  ORDER BY device, epoch, stream`
const INSERT = `INSERT INTO dataset_snapshot (digest, finding, model_name, model_digest, row_count, created_at, manifest)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`
const READ_ONE = 'SELECT manifest FROM dataset_snapshot WHERE digest = ?'

type StoredRevision = Omit<StandingRevision, 'sameInstances'> & { readonly sameInstances: string }

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

/** Immutable dataset snapshots under `lake/snapshots/<digest>`. */
export class Lake {
  readonly #database: Database.Database
  readonly #folder: string
  readonly #clock: Clock

  constructor(database: Database.Database, folder: string, clock: Clock) {
    this.#database = database
    this.#folder = folder
    this.#clock = clock
  }

  /** Where a snapshot lies. */
  folderOf(digest: string): string {
    return join(this.#folder, 'snapshots', digest)
  }

  /** The manifest of a known snapshot. */
  manifestOf(digest: string): SnapshotManifest | undefined {
    const row = this.#database.prepare(READ_ONE).get(digest) as { readonly manifest: string } | undefined
    return row === undefined ? undefined : snapshotManifest.parse(JSON.parse(row.manifest))
  }

  /**
   * Fixes what the hub knows now as a dataset. The same envelopes give the same digest.
   * @throws {LakeError} `snapshot-empty` when no envelope becomes a row.
   */
  async createSnapshot(request: SnapshotRequest): Promise<Snapshot> {
    const read = this.#read(request)
    const { rows, excluded } = selectRows(read.candidates, read.labels, request, read.revisions)
    count(excluded, 'other-model', read.envelopes - read.candidates.length)
    if (rows.length === 0) throw empty(excluded)
    const working = join(this.#folder, 'work', randomUUID())
    await mkdir(join(working, DATA_FOLDER), { recursive: true, mode: 0o700 })
    try {
      await writeParquet(join(working, DATA_FOLDER), rows)
      const positives = rows.filter((row) => row.label === 1).length
      const manifest = snapshotManifest.parse({
        schema: 'leadglass.dataset-snapshot/1',
        finding: request.finding,
        model: request.model,
        backbone: request.backbone,
        embeddingLength: request.embeddingLength,
        accounting: { envelopes: read.envelopes, rows: rows.length, excluded: Object.fromEntries(excluded) },
        positives,
        negatives: rows.length - positives,
        patients: new Set(rows.map((row) => `${row.site}/${row.patient}`)).size,
        sites: [...new Set(rows.map((row) => row.site))].map((site) => ({
          site,
          rows: rows.filter((row) => row.site === site).length,
        })),
        watermarks: read.watermarks,
        files: await listFiles(join(working, DATA_FOLDER)),
      } satisfies JsonValue)
      assertAccounted(manifest)
      return await this.#publish(working, manifest, request.parentDigest)
    } finally {
      await rm(working, { recursive: true, force: true })
    }
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
    const { finding, model, accounting } = manifest
    const at = toIsoInstant(this.#clock.now())
    this.#database.prepare(INSERT).run(digest, finding, model, parentDigest, accounting.rows, at, text)
    return { digest, folder, manifest }
  }

  #read(request: SnapshotRequest): {
    readonly envelopes: number
    readonly candidates: readonly Candidate[]
    readonly labels: readonly LatestLabel[]
    readonly revisions: readonly StandingRevision[]
    readonly watermarks: readonly JsonValue[]
  } {
    return this.#database.transaction(() => ({
      envelopes: (this.#database.prepare(COUNT_ALL).get() as { readonly n: number }).n,
      candidates: this.#database.prepare(READ_CANDIDATES).all(request.model) as Candidate[],
      labels: this.#database.prepare(READ_LABELS).all(request.finding) as LatestLabel[],
      revisions: (this.#database.prepare(READ_REVISIONS).all() as StoredRevision[]).map((row) => ({
        ...row,
        sameInstances: JSON.parse(row.sameInstances) as number[],
      })),
      watermarks: this.#database.prepare(READ_WATERMARKS).all() as JsonValue[],
    }))()
  }
}

function count(excluded: Map<ExclusionReason, number>, reason: ExclusionReason, by: number): void {
  if (by > 0) excluded.set(reason, (excluded.get(reason) ?? 0) + by)
}

function assertAccounted({ accounting }: SnapshotManifest): void {
  const left = Object.values(accounting.excluded).reduce((sum, value) => sum + value, 0)
  if (accounting.rows + left === accounting.envelopes) return
  throw new LakeError('snapshot-unaccounted', 'permanent', {
    message: 'rows and exclusions do not add up to the envelopes read',
    effect: 'the snapshot was not made',
    nextStep: 'report this as a defect',
  })
}

function empty(excluded: ReadonlyMap<ExclusionReason, number>): LakeError {
  return new LakeError('snapshot-empty', 'permanent', {
    message: `no envelope became a row: ${canonicalJson(Object.fromEntries(excluded))}`,
    effect: 'there is nothing to train from',
    nextStep: 'wait until studies of this model are labelled for this finding',
  })
}
