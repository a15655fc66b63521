import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Randomness, syncFolder } from '@leadglass/sync-agent/foundation'
import { SpoolError } from './errors.ts'
import { IncomingFile } from './incoming-file.ts'
import { decryptSpoolFile, SALT_BYTES, SPOOL_MAGIC, SpoolEncryptor } from './spool-cipher.ts'

/** What a spool file needs of the world. */
export interface SpoolOptions {
  readonly folder: string
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly randomness: Randomness
}

/** The folder of received instances: `incoming/` while they come, then `<2 hex>/<digest>.dcm`, encrypted. */
export class Spool {
  readonly #options: SpoolOptions
  readonly #folderSyncs = new Map<string, Promise<void>>()
  readonly #folders = new Map<string, Promise<FileHandle>>()
  readonly #keeping = new Map<string, Promise<void>>()

  constructor(options: SpoolOptions) {
    this.#options = options
  }

  /** Makes the folders, durably. */
  async prepare(): Promise<void> {
    const { folder } = this.#options
    await mkdir(join(folder, 'incoming'), { recursive: true, mode: 0o700 })
    const names = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'))
    await Promise.all(names.map((name) => mkdir(join(folder, name), { recursive: true, mode: 0o700 })))
    await syncFolder(folder)
  }

  /** Opens a file for one instance that is about to come. */
  async begin(): Promise<IncomingFile> {
    const path = join(this.#options.folder, 'incoming', `${randomUUID()}.part`)
    const salt = this.#options.randomness.bytes(SALT_BYTES)
    const handle = await open(path, 'wx', 0o600)
    return new IncomingFile(
      path,
      handle,
      Buffer.concat([SPOOL_MAGIC, salt]),
      new SpoolEncryptor(this.#options.key, salt),
    )
  }

  /**
   * Moves a finished file to its place; when this resolves, content and place are durable. Content that is there already,
   * or is about to be, is not replaced: a file that was acknowledged is never touched again.
   */
  async keep(file: IncomingFile, digest: string): Promise<void> {
    const underWay = this.#keeping.get(digest)
    if (underWay !== undefined) {
      await file.discard()
      return underWay
    }
    const keeping = this.#place(file, digest).finally(() => this.#keeping.delete(digest))
    this.#keeping.set(digest, keeping)
    return keeping
  }

  /** Renamed first and synced after: content and name then reach the disk in one journal commit of the file system. */
  async #place(file: IncomingFile, digest: string): Promise<void> {
    const folder = join(this.#options.folder, digest.slice(0, 2))
    if (await this.has(digest)) await file.discard()
    else {
      await rename(file.path, this.pathOf(digest))
      try {
        await file.settle()
      } catch (cause) {
        // EIO, ENOSPC: what is not surely on disk must not be taken for kept content when it comes again.
        await rm(this.pathOf(digest), { force: true })
        throw cause
      }
    }
    await this.#syncShared(folder)
  }

  /** The plain bytes of an instance. @throws {SpoolError} */
  async read(digest: string): Promise<Buffer> {
    let file: Buffer
    try {
      file = await readFile(this.pathOf(digest))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw new SpoolError('spool-missing', cause)
      throw cause
    }
    return decryptSpoolFile(file, this.#options.key)
  }

  async has(digest: string): Promise<boolean> {
    return stat(this.pathOf(digest)).then(
      () => true,
      () => false,
    )
  }

  async remove(digest: string): Promise<void> {
    await rm(this.pathOf(digest), { force: true })
  }

  /** Removes what never finished. @returns how many files. */
  async clearIncoming(): Promise<number> {
    const folder = join(this.#options.folder, 'incoming')
    const names = await readdir(folder)
    await Promise.all(names.map((name) => rm(join(folder, name), { force: true })))
    return names.length
  }

  /** The digests of all kept files, one folder at a time. */
  async *digests(): AsyncGenerator<string> {
    for (let index = 0; index < 256; index += 1) {
      const names = await readdir(join(this.#options.folder, index.toString(16).padStart(2, '0')))
      for (const name of names) if (/^[0-9a-f]{64}\.dcm$/.test(name)) yield name.slice(0, 64)
    }
  }

  pathOf(digest: string): string {
    return join(this.#options.folder, digest.slice(0, 2), `${digest}.dcm`)
  }

  /** Closes what is kept open between instances. */
  async close(): Promise<void> {
    const handles = await Promise.all(this.#folders.values())
    this.#folders.clear()
    await Promise.all(handles.map((handle) => handle.close()))
  }

  /** One fsync serves every rename that came before it began. The folders stay open: there are 256 of them. */
  async #syncShared(folder: string): Promise<void> {
    const waiting = this.#folderSyncs.get(folder)
    if (waiting !== undefined) return waiting
    const sync = Promise.resolve().then(async () => {
      this.#folderSyncs.delete(folder)
      await (await this.#folderHandle(folder)).sync()
    })
    this.#folderSyncs.set(folder, sync)
    return sync
  }

  #folderHandle(folder: string): Promise<FileHandle> {
    const known = this.#folders.get(folder)
    if (known !== undefined) return known
    const opened = open(folder, 'r')
    this.#folders.set(folder, opened)
    opened.catch(() => this.#folders.delete(folder))
    return opened
  }
}
