import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Randomness, syncFolder } from '@leadglass/sync-agent/foundation'
import { SpoolError } from './errors.ts'
import { decryptSpoolFile, SALT_BYTES, SPOOL_MAGIC, SpoolEncryptor } from './spool-cipher.ts'

/** Bytes that are gathered before they are written. */
const WRITE_BYTES = 1_048_576

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

  /** Moves a finished file to its place; when this resolves, the place is durable. */
  async keep(file: IncomingFile, digest: string): Promise<void> {
    const target = this.pathOf(digest)
    await rename(file.path, target)
    await this.#syncShared(join(this.#options.folder, digest.slice(0, 2)))
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

  /** One fsync serves every rename that came before it began. */
  async #syncShared(folder: string): Promise<void> {
    const waiting = this.#folderSyncs.get(folder)
    if (waiting !== undefined) return waiting
    const sync = Promise.resolve().then(() => {
      this.#folderSyncs.delete(folder)
      return syncFolder(folder)
    })
    this.#folderSyncs.set(folder, sync)
    return sync
  }
}

/** One instance on its way to the spool. */
export class IncomingFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #encryptor: SpoolEncryptor
  #gathered: Uint8Array[]
  #gatheredBytes: number
  #open = true

  constructor(path: string, handle: FileHandle, head: Uint8Array, encryptor: SpoolEncryptor) {
    this.path = path
    this.#handle = handle
    this.#encryptor = encryptor
    this.#gathered = [head]
    this.#gatheredBytes = head.length
  }

  /** Takes more bytes; writes when enough are gathered. */
  async write(bytes: Uint8Array): Promise<void> {
    for (const sealed of this.#encryptor.push(bytes)) this.#gather(sealed)
    if (this.#gatheredBytes >= WRITE_BYTES) await this.#flush()
  }

  /** Writes the rest; when this resolves, all bytes are on disk (under the temporary name). */
  async finish(): Promise<void> {
    this.#gather(this.#encryptor.finish())
    await this.#flush()
    await this.#handle.datasync()
    await this.#close()
  }

  /** Forgets the file. */
  async discard(): Promise<void> {
    await this.#close()
    await rm(this.path, { force: true })
  }

  #gather(bytes: Uint8Array): void {
    this.#gathered.push(bytes)
    this.#gatheredBytes += bytes.length
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#gathered)
    this.#gathered = []
    this.#gatheredBytes = 0
    await this.#handle.writeFile(bytes)
  }

  async #close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#handle.close()
  }
}
