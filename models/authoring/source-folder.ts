import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PACKAGE_LIMITS } from '../package/manifest.ts'
import { MANIFEST_NAME, packagePath } from '../package/paths.ts'
import type { ManifestContent, PackageContent } from '../package/write-package.ts'
import { AuthoringError } from './errors.ts'

/** What an author writes by hand: the manifest without its schema and its list of files. It does not travel. */
export const SOURCE_NAME = 'model.json'

/**
 * Reads an author's folder: `model.json`, and every other file as a file of the package. Whether they make a valid
 * package, sealing decides.
 * @throws {AuthoringError}
 */
export async function readSourceFolder(folder: string): Promise<PackageContent> {
  const text = await readFile(join(folder, SOURCE_NAME), 'utf8').catch((cause: unknown) => {
    const next = 'Make the folder with "leadglass model new".'
    throw new AuthoringError('source-missing', `the folder has no ${SOURCE_NAME}`, next, cause)
  })
  const files = new Map<string, Uint8Array>()
  await collect(folder, '', files)
  return { manifest: parse(text), files }
}

/** Writes a content as an author's folder, which must not exist. @throws {AuthoringError} `source-exists`. */
export async function writeSourceFolder(folder: string, content: PackageContent): Promise<void> {
  await mkdir(dirname(folder), { recursive: true })
  await mkdir(folder).catch((cause: unknown) => {
    throw new AuthoringError('source-exists', 'the folder is there already', 'Choose another name.', cause)
  })
  for (const [path, bytes] of content.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  await writeFile(join(folder, SOURCE_NAME), `${JSON.stringify(content.manifest, null, 2)}\n`)
}

function parse(text: string): ManifestContent {
  try {
    const value: unknown = JSON.parse(text)
    // Sealing checks every member against the schema; only what is no object at all is told apart here.
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ManifestContent
    throw new SyntaxError('not an object')
  } catch (cause) {
    throw new AuthoringError('source-invalid', `${SOURCE_NAME} is not a JSON object`, 'Correct its syntax.', cause)
  }
}

async function collect(folder: string, below: string, files: Map<string, Uint8Array>): Promise<void> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.name.startsWith('.') || path === SOURCE_NAME) continue
    if (entry.isDirectory()) {
      await collect(folder, path, files)
      continue
    }
    if (!entry.isFile() || path === MANIFEST_NAME || !packagePath.safeParse(path).success) {
      throw new AuthoringError('source-invalid', `${path} cannot be a file of a package`, 'Rename or remove it.')
    }
    const { size } = await stat(join(folder, path))
    if (size > PACKAGE_LIMITS.fileBytes || files.size >= PACKAGE_LIMITS.files) {
      throw new AuthoringError('source-too-large', 'the folder is larger than a package may be', 'Remove files.')
    }
    files.set(path, await readFile(join(folder, path)))
  }
}
