import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readVettedPackage } from '@leadglass/models'
import { type ModelReference, personIdentifier } from '@leadglass/sync-agent/contract'
import { type Clock, digestOf, type Sha256Hex, sha256Hex, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type DeliveredManifest, deliveredManifest } from '@leadglass/sync-agent/updates'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { RegistryError } from './errors.ts'
import type { PackageStore } from './package-store.ts'

/** What the registry asks of the package format: verify a folder, and say what it is. */
export type PackageReader = (folder: string) => Promise<{
  readonly digest: Sha256Hex
  readonly manifest: { readonly title: string; readonly lineage: { readonly parent: string | null } }
}>

/** One immutable version of a model. */
export interface ModelVersion {
  readonly model: ModelReference
  readonly releaseCounter: number
  readonly title: string
  /** Digest of the package that this one was trained from. */
  readonly parent: string | null
  /** Who made the candidate; never approves it. */
  readonly author: string
  readonly importedAt: string
  readonly manifest: DeliveredManifest
  readonly manifestBytes: Uint8Array
}

const versionRow = z.object({
  digest: z.string(),
  name: z.string(),
  version: z.string(),
  release_counter: z.number(),
  title: z.string(),
  parent: z.string().nullable(),
  author: z.string(),
  manifest: z.instanceof(Uint8Array),
  imported_at: z.string(),
})

export const SQL_VERSION = 'SELECT * FROM model_version WHERE digest = ?'
export const SQL_VERSIONS = 'SELECT * FROM model_version WHERE name = ? ORDER BY release_counter DESC, imported_at DESC'
export const SQL_CHILDREN = 'SELECT * FROM model_version WHERE parent = ? ORDER BY imported_at'
const SQL_NAMES = 'SELECT DISTINCT name FROM model_version ORDER BY name'
const SQL_INSERT = `INSERT INTO model_version
  (digest, name, version, release_counter, title, parent, author, manifest, imported_at) VALUES (?,?,?,?,?,?,?,?,?)
  ON CONFLICT DO NOTHING`

/** Models and their versions. A version is its digest; what has become of it is asked of governance. */
export class Registry {
  readonly #database: Database.Database
  readonly #store: PackageStore
  readonly #clock: Clock
  readonly #readPackage: PackageReader

  constructor(options: {
    readonly database: Database.Database
    readonly store: PackageStore
    readonly clock: Clock
    readonly readPackage?: PackageReader
  }) {
    this.#database = options.database
    this.#store = options.store
    this.#clock = options.clock
    this.#readPackage = options.readPackage ?? readVettedPackage
  }

  /**
   * Takes a package in: verifies it, copies it under its digest, verifies the copy, records it. The same package again
   * is the same version.
   * @throws {RegistryError} `version-taken` when name and version stand for other bytes; what the package reader throws.
   */
  async importPackage(folder: string, author: string): Promise<ModelVersion> {
    personIdentifier.parse(author)
    const { digest } = await this.#readPackage(folder)
    await this.#store.put(folder, digest, async (copy) => {
      if ((await this.#readPackage(copy)).digest !== digest) throw new Error('the package changed while it was copied')
    })
    const read = await this.#readPackage(this.#store.path(digest))
    const bytes = await readFile(join(this.#store.path(digest), 'manifest.json'))
    const manifest = deliveredManifest.parse(JSON.parse(bytes.toString('utf8')))
    this.#database
      .prepare(SQL_INSERT)
      .run(
        digest,
        manifest.name,
        manifest.version,
        manifest.releaseCounter,
        read.manifest.title,
        read.manifest.lineage.parent,
        author,
        bytes,
        toIsoInstant(this.#clock.now()),
      )
    const recorded = this.version(digest)
    if (recorded !== undefined) return recorded
    throw new RegistryError('version-taken', `${manifest.name} ${manifest.version} stands for another package already`)
  }

  /** A version by the digest of its manifest. */
  version(digest: string): ModelVersion | undefined {
    const row = this.#database.prepare(SQL_VERSION).get(digest)
    return row === undefined ? undefined : read(row)
  }

  /** Names of all models. */
  names(): string[] {
    return z
      .array(z.object({ name: z.string() }))
      .parse(this.#database.prepare(SQL_NAMES).all())
      .map((row) => row.name)
  }

  /** Versions of a model, the highest release counter first. */
  versions(name: string): ModelVersion[] {
    return this.#database.prepare(SQL_VERSIONS).all(name).map(read)
  }

  /** What a version was trained from, back to the first, and what was trained from it. */
  lineage(digest: string): { readonly ancestors: readonly ModelVersion[]; readonly children: readonly ModelVersion[] } {
    const ancestors: ModelVersion[] = []
    const seen = new Set([digest])
    for (let parent = this.version(digest)?.parent ?? null; parent !== null && !seen.has(parent); ) {
      seen.add(parent)
      const version = this.version(parent)
      if (version === undefined) break
      ancestors.push(version)
      parent = version.parent
    }
    return { ancestors, children: this.#database.prepare(SQL_CHILDREN).all(digest).map(read) }
  }

  /** Folder of a version's package. @throws {RegistryError} `unknown-version`, `package-lost` */
  async packageFolder(digest: string): Promise<string> {
    if (this.version(digest) === undefined) {
      throw new RegistryError('unknown-version', 'the registry knows no package with this digest')
    }
    if (!(await this.#store.has(digest))) {
      throw new RegistryError('package-lost', 'the files of this package are not where they should be')
    }
    return this.#store.path(sha256Hex.parse(digest))
  }
}

function read(value: unknown): ModelVersion {
  const row = versionRow.parse(value)
  if (digestOf(row.manifest) !== (row.digest as Sha256Hex)) {
    throw new RegistryError('package-lost', 'a manifest in the registry differs from its digest')
  }
  return {
    model: { name: row.name, version: row.version, digest: row.digest },
    releaseCounter: row.release_counter,
    title: row.title,
    parent: row.parent,
    author: row.author,
    importedAt: row.imported_at,
    manifest: deliveredManifest.parse(JSON.parse(Buffer.from(row.manifest).toString('utf8'))),
    manifestBytes: row.manifest,
  }
}
