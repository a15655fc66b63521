import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalJson, digestOf, syncFolder, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { PackageError } from './errors.ts'
import { MODEL_PACKAGE_SCHEMA, type ModelManifest, type PackageFile } from './manifest.ts'
import { MANIFEST_NAME } from './paths.ts'
import { type ModelPackage, parseManifest, readPackage } from './read-package.ts'

/** What an author decides; schema and file list are made here. */
export type ManifestContent = Omit<ModelManifest, 'schema' | 'files'>

/** A package in memory. Keys of `files` are paths inside the package. */
export interface PackageContent {
  readonly manifest: ManifestContent
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * The manifest's bytes for a content: files in order of path, canonical JSON. The same content always gives the same bytes.
 * @throws {PackageError} when the content is not a valid package.
 */
export function sealManifest(content: PackageContent): Uint8Array {
  const files = [...content.files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]): PackageFile => ({ path, sha256: digestOf(bytes), bytes: bytes.length }))
  const manifest = { ...content.manifest, schema: MODEL_PACKAGE_SCHEMA, files }
  const bytes = Buffer.from(canonicalJson(manifest), 'utf8')
  parseManifest(bytes)
  return bytes
}

/**
 * Writes a package folder, which must not exist: it is filled under a temporary name beside its place and renamed, so a
 * reader sees the whole package or none. Reads it back before it returns.
 * @throws {PackageError}
 */
export async function writePackage(folder: string, content: PackageContent): Promise<ModelPackage> {
  const manifest = sealManifest(content)
  const temporary = `${folder}.${digestOf(manifest).slice(0, 12)}.partial`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  try {
    for (const [path, bytes] of content.files) {
      await mkdir(dirname(join(temporary, path)), { recursive: true })
      await writeFile(join(temporary, path), bytes, { flush: true })
    }
    await writeFileAtomically(join(temporary, MANIFEST_NAME), manifest, 0o644)
    await readPackage(temporary)
    await rename(temporary, folder).catch((cause: unknown) => {
      throw new PackageError('folder-exists', 'the place of the package is taken', cause)
    })
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  await syncFolder(dirname(folder))
  return readPackage(folder)
}
