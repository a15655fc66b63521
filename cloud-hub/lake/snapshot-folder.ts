import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, digestOf, digestOfFile } from '@leadglass/sync-agent/foundation'
import { LakeError } from './errors.ts'
import { type SnapshotManifest, snapshotManifest } from './manifest.ts'
import { readParquet, type StoredRow } from './parquet.ts'

/** Folder of the Parquet files within a snapshot. */
export const DATA_FOLDER = 'data'
/** Name of the manifest within a snapshot. */
export const SNAPSHOT_MANIFEST = 'manifest.json'
/** Stands in a snapshot whose rows were deleted by an erasure; says which. */
export const SUPERSEDED_MARK = 'superseded.json'

/** A snapshot is what it was, or an erasure took its rows away: whoever cites it was made from data that are gone. */
export type SnapshotState = 'intact' | 'superseded-by-erasure'

/** A snapshot whose files all have the digests that its manifest states. */
export interface OpenedSnapshot {
  readonly digest: string
  readonly manifest: SnapshotManifest
  readonly rows: readonly StoredRow[]
}

/** Every file under `folder` with its digest, by path. */
export async function listFiles(folder: string): Promise<SnapshotManifest['files']> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  return Promise.all(
    paths.sort().map(async (path) => {
      const full = join(folder, path)
      return { path, sha256: await digestOfFile(full), bytes: (await stat(full)).size }
    }),
  )
}

/** The bytes of a manifest, which are what a snapshot's digest is of. */
export function manifestBytes(manifest: SnapshotManifest): string {
  return canonicalJson(manifest)
}

/**
 * Reads a snapshot and verifies it down to the last file.
 * @param digest what the snapshot is cited by.
 * @throws {LakeError} `snapshot-superseded` when an erasure took its rows, `snapshot-damaged`.
 */
export async function openSnapshot(folder: string, digest: string): Promise<OpenedSnapshot> {
  if (await exists(join(folder, SUPERSEDED_MARK))) throw superseded()
  const text = await readFile(join(folder, SNAPSHOT_MANIFEST), 'utf8').catch((cause: unknown) => {
    throw damaged('its manifest cannot be read', cause)
  })
  if (digestOf(text) !== digest) throw damaged('its manifest has another digest')
  const manifest = snapshotManifest.parse(JSON.parse(text))
  const found = await listFiles(join(folder, DATA_FOLDER))
  if (canonicalJson(found) !== canonicalJson(manifest.files)) throw damaged('its files are not those of its manifest')
  const rows = await readParquet(join(folder, DATA_FOLDER))
  if (rows.length !== manifest.accounting.rows) throw damaged('it holds another number of rows')
  return { digest, manifest, rows }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function superseded(): LakeError {
  return new LakeError('snapshot-superseded', 'permanent', {
    message: 'the dataset snapshot was altered by erasure: its rows were deleted',
    effect: 'a run that cites it cannot be repeated byte for byte',
    nextStep: 'make a new snapshot; the record of the erasure says what was taken away, and why',
  })
}

function damaged(why: string, cause?: unknown): LakeError {
  return new LakeError('snapshot-damaged', 'permanent', {
    message: `the dataset snapshot is damaged: ${why}`,
    effect: 'nothing is trained from it',
    nextStep: 'make a new snapshot; the envelopes it came from are in the lake',
    cause,
  })
}
