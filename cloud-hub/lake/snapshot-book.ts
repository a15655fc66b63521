import { type Clock, type JsonValue, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { type SnapshotManifest, snapshotManifest } from './manifest.ts'
import { manifestBytes, type SnapshotState } from './snapshot-folder.ts'

const INSERT = `INSERT INTO dataset_snapshot (digest, finding, model_name, model_digest, row_count, created_at, manifest)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING`
const INSERT_SOURCE = 'INSERT INTO dataset_source (digest, versions) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING'
const READ_ONE = 'SELECT manifest FROM dataset_snapshot WHERE digest = ?'
const READ_SUPERSEDED = 'SELECT 1 AS one FROM dataset_superseded WHERE digest = ?'
const READ_ALL = `SELECT s.digest, s.finding, s.model_name AS model, s.created_at AS createdAt, s.manifest, o.versions,
  x.erasure, x.at AS supersededAt FROM dataset_snapshot s LEFT JOIN dataset_source o USING (digest)
  LEFT JOIN dataset_superseded x USING (digest) ORDER BY s.created_at DESC, s.digest LIMIT ?`
const READ_INTACT = `SELECT digest FROM dataset_snapshot WHERE digest NOT IN (SELECT digest FROM dataset_superseded)
  ORDER BY digest`
const SUPERSEDE = `INSERT INTO dataset_superseded (digest, erasure, rows, at) VALUES (?, ?, ?, ?)
  ON CONFLICT (digest) DO NOTHING`

/** A snapshot as a list shows it. */
export interface ListedSnapshot {
  readonly digest: string
  readonly finding: string
  readonly model: string
  readonly createdAt: string
  readonly manifest: SnapshotManifest
  /** Digest of the version of each table that it was taken from; null for one from before there was a lake. */
  readonly versions: Readonly<Record<string, string>> | null
  readonly erasure: string | null
  readonly supersededAt: string | null
}

/** Which snapshots there are, what each was taken from, and which of them an erasure superseded. */
export class SnapshotBook {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  manifestOf(digest: string): SnapshotManifest | undefined {
    const row = this.#database.prepare(READ_ONE).get(digest) as { readonly manifest: string } | undefined
    return row === undefined ? undefined : snapshotManifest.parse(JSON.parse(row.manifest))
  }

  stateOf(digest: string): SnapshotState | undefined {
    if (this.#database.prepare(READ_ONE).get(digest) === undefined) return undefined
    return this.#database.prepare(READ_SUPERSEDED).get(digest) === undefined ? 'intact' : 'superseded-by-erasure'
  }

  /** The newest snapshots. */
  list(limit: number): readonly ListedSnapshot[] {
    type Stored = Omit<ListedSnapshot, 'manifest' | 'versions'> & { manifest: string; versions: string | null }
    return (this.#database.prepare(READ_ALL).all(limit) as Stored[]).map((row) => ({
      ...row,
      manifest: snapshotManifest.parse(JSON.parse(row.manifest)),
      versions: row.versions === null ? null : (JSON.parse(row.versions) as Record<string, string>),
    }))
  }

  intact(): readonly string[] {
    return (this.#database.prepare(READ_INTACT).all() as { readonly digest: string }[]).map((row) => row.digest)
  }

  add(digest: string, manifest: SnapshotManifest, parentDigest: string, versions: JsonValue): void {
    const { finding, model, accounting } = manifest
    const at = toIsoInstant(this.#clock.now())
    const text = manifestBytes(manifest)
    this.#database.transaction(() => {
      this.#database.prepare(INSERT).run(digest, finding, model, parentDigest, accounting.rows, at, text)
      this.#database.prepare(INSERT_SOURCE).run(digest, JSON.stringify(versions))
    })()
  }

  supersede(digest: string, erasure: string, rows: number): void {
    this.#database.prepare(SUPERSEDE).run(digest, erasure, rows, toIsoInstant(this.#clock.now()))
  }
}
