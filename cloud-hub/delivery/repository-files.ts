import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOfFile, type Sha256Hex, syncFolder, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { DeliveryError } from './errors.ts'

/** The few things that are done to the repository's files; each is atomic and durable when it returns. */
export interface RepositoryFiles {
  /** Bytes of a file below the repository, undefined when it does not exist. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Names in a folder below the repository; none when it does not exist. */
  list(path: string): Promise<readonly string[]>
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Copies a package file to `blobs/<sha256>`. @throws {DeliveryError} `package-damaged` */
  copyBlob(source: string, sha256: Sha256Hex): Promise<void>
}

/** {@link RepositoryFiles} in a folder, world-readable: nothing in a repository is secret. */
export class FolderRepositoryFiles implements RepositoryFiles {
  readonly #folder: string

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.#folder, path))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  async list(path: string): Promise<readonly string[]> {
    return readdir(join(this.#folder, path)).catch(() => [])
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.#folder, path)
    await makeFolder(dirname(target))
    await writeFileAtomically(target, bytes, 0o644)
  }

  async copyBlob(source: string, sha256: Sha256Hex): Promise<void> {
    const target = join(this.#folder, 'blobs', sha256)
    const present = await stat(target).catch(() => undefined)
    if (present !== undefined && (await digestOfFile(target)) === sha256) return
    await makeFolder(dirname(target))
    const temporary = `${target}.partial`
    try {
      await copyFile(source, temporary)
      const handle = await open(temporary, 'r+')
      await handle.datasync().finally(() => handle.close())
      const hash = createHash('sha256')
      for await (const chunk of createReadStream(temporary)) hash.update(chunk as Uint8Array)
      if (hash.digest('hex') !== sha256) {
        throw new DeliveryError('package-damaged', `the file ${sha256.slice(0, 12)} of the package has changed`)
      }
      await rename(temporary, target)
    } finally {
      await rm(temporary, { force: true })
    }
    await syncFolder(dirname(target))
  }
}

async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o755 })
  if (first !== undefined) await syncFolder(dirname(first))
}
