import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, type JsonValue, type Sha256Hex } from '@leadglass/sync-agent/foundation'
import { type ModelCard, modelCard } from './card.ts'
import { PackageError } from './errors.ts'
import { type DeclaredGates, declaredGates, GATES_FILE } from './gates.ts'
import { type ModelManifest, modelManifest, PACKAGE_LIMITS, type PackageFile } from './manifest.ts'
import { MANIFEST_NAME } from './paths.ts'
import { type ReferenceDistributions, referenceDistributions } from './reference.ts'

/** A package whose every byte has been checked against its manifest. */
export interface ModelPackage {
  readonly folder: string
  readonly digest: Sha256Hex
  readonly model: ModelReference
  readonly manifest: ModelManifest
  readonly reference: ReferenceDistributions
  readonly card: ModelCard
  /** What later versions must meet; null when the package declares nothing. */
  readonly gates: DeclaredGates | null
}

/**
 * Reads and verifies a package folder: canonical manifest, no file missing, changed, added or linked.
 * The digest is not compared with anything here: what digest is wanted is the caller's to know.
 * @throws {PackageError}
 */
export async function readPackage(folder: string): Promise<ModelPackage> {
  const bytes = await readRegularFile(folder, MANIFEST_NAME, PACKAGE_LIMITS.manifestBytes)
  const manifest = parseManifest(bytes)
  await refuseUnlisted(folder, new Set([MANIFEST_NAME, ...manifest.files.map((file) => file.path)]))
  for (const file of manifest.files) await readListed(folder, file)
  const digest = digestOf(bytes)
  return {
    folder,
    digest,
    manifest,
    model: { name: manifest.name, version: manifest.version, digest },
    reference: await readJson(folder, manifest, manifest.reference, referenceDistributions),
    card: await readJson(folder, manifest, manifest.card, modelCard),
    gates: manifest.files.some(({ path }) => path === GATES_FILE)
      ? await readJson(folder, manifest, GATES_FILE, declaredGates)
      : null,
  }
}

/**
 * Parses the bytes of a manifest. They must be the canonical JSON of what they say, so that equal packages have equal digests.
 * @throws {PackageError} `manifest-too-large`, `manifest-invalid` or `manifest-not-canonical`.
 */
export function parseManifest(bytes: Uint8Array): ModelManifest {
  if (bytes.length > PACKAGE_LIMITS.manifestBytes) {
    throw new PackageError('manifest-too-large', 'the manifest is larger than a manifest may be')
  }
  const text = Buffer.from(bytes).toString('utf8')
  const value = parseJson(text)
  if (value === undefined) throw new PackageError('manifest-invalid', 'the manifest is not JSON')
  const parsed = modelManifest.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const where = issue === undefined || issue.path.length === 0 ? 'manifest' : issue.path.map(String).join('.')
    throw new PackageError('manifest-invalid', `the manifest is refused at ${where}: ${issue?.message ?? ''}`)
  }
  if (canonicalJson(value) !== text) {
    throw new PackageError('manifest-not-canonical', 'the manifest is not written in canonical JSON')
  }
  return parsed.data
}

/**
 * Reads one listed file and verifies the very bytes it returns, so that a file exchanged after `readPackage` is still
 * found out.
 * @throws {PackageError}
 */
export async function readPackageFile(
  from: { readonly folder: string; readonly manifest: ModelManifest },
  path: string,
): Promise<Uint8Array> {
  const file = from.manifest.files.find((candidate) => candidate.path === path)
  if (file === undefined) throw new PackageError('file-unlisted', `${path} is not listed in the manifest`)
  return readListed(from.folder, file)
}

/**
 * Reads one listed JSON file through a schema of the format (golden expectation, card, reference).
 * @throws {PackageError} `file-content` when the schema refuses it.
 */
export async function readPackageJson<T>(
  from: { readonly folder: string; readonly manifest: ModelManifest },
  path: string,
  schema: JsonSchemaPort<T>,
): Promise<T> {
  return readJson(from.folder, from.manifest, path, schema)
}

/** The part of a zod schema that is needed here. */
interface JsonSchemaPort<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false }
}

async function readJson<T>(
  folder: string,
  manifest: ModelManifest,
  path: string,
  schema: JsonSchemaPort<T>,
): Promise<T> {
  const bytes = await readPackageFile({ folder, manifest }, path)
  const parsed = schema.safeParse(parseJson(Buffer.from(bytes).toString('utf8')))
  if (!parsed.success) throw new PackageError('file-content', `${path} does not hold what its schema asks for`)
  return parsed.data
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

async function readListed(folder: string, file: PackageFile): Promise<Uint8Array> {
  const bytes = await readRegularFile(folder, file.path, file.bytes)
  if (bytes.length !== file.bytes) throw new PackageError('file-length', `${file.path} is shorter than listed`)
  if (digestOf(bytes) !== file.sha256) throw new PackageError('file-digest', `${file.path} has another digest`)
  return bytes
}

/** Never follows a link in the last part, never reads more than `limit` bytes. Links in folders fail `refuseUnlisted`. */
async function readRegularFile(folder: string, path: string, limit: number): Promise<Uint8Array> {
  const handle = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw openFailure(path, cause)
  })
  try {
    const facts = await handle.stat()
    if (!facts.isFile()) throw new PackageError('not-a-regular-file', `${path} is not a regular file`)
    if (facts.size > limit) {
      const code = path === MANIFEST_NAME ? 'manifest-too-large' : 'file-length'
      throw new PackageError(code, `${path} is longer than listed`)
    }
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

function openFailure(path: string, cause: unknown): PackageError {
  const system = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (system === 'ELOOP') return new PackageError('not-a-regular-file', `${path} is a link`, cause)
  const code = path === MANIFEST_NAME ? 'manifest-missing' : 'file-missing'
  return new PackageError(code, `${path} cannot be opened`, cause)
}

async function refuseUnlisted(folder: string, listed: ReadonlySet<string>, below = ''): Promise<void> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) {
      const used = [...listed].some((name) => name.startsWith(`${path}/`))
      if (!used) throw new PackageError('file-unlisted', 'the package holds a folder that the manifest does not use')
      await refuseUnlisted(folder, listed, path)
    } else if (!entry.isFile()) {
      throw new PackageError('not-a-regular-file', 'the package holds a link or a device')
    } else if (!listed.has(path)) {
      throw new PackageError('file-unlisted', 'the package holds a file that the manifest does not list')
    }
  }
}
