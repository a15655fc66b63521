import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Sha256Hex, syncFolder } from '../foundation/index.ts'
import { UpdateRefusedError, UpdateStorageError } from './attacks.ts'
import { FetchError, type RepositoryFetcher } from './fetcher.ts'

/** How often in a row a download may break off without a new byte before the attempt is given up. */
const FRUITLESS_ATTEMPTS = 3

/** A blob to fetch and what it must be. */
export interface BlobOrder {
  readonly sha256: Sha256Hex
  readonly bytes: number
}

/**
 * Fetches blobs into a folder under their digest. Bytes wait in a separate folder until length and digest are right, so
 * nothing unverified ever stands under a blob's name; what has arrived is kept and continued after any interruption.
 */
export class BlobDownload {
  readonly #fetcher: RepositoryFetcher
  readonly #blobFolder: string
  readonly #partialFolder: string

  constructor(options: {
    readonly fetcher: RepositoryFetcher
    readonly blobFolder: string
    readonly partialFolder: string
  }) {
    this.#fetcher = options.fetcher
    this.#blobFolder = options.blobFolder
    this.#partialFolder = options.partialFolder
  }

  /**
   * Makes sure that the blob stands in the folder. One that is there already is hashed, not believed.
   * @throws {UpdateRefusedError} `tampered-file`, `endless-data` or `incomplete`; {FetchError}; {UpdateStorageError}
   */
  async ensure(order: BlobOrder): Promise<void> {
    const path = join(this.#blobFolder, order.sha256)
    if (await hasContent(path, order)) return
    await storing(async () => {
      await mkdir(this.#blobFolder, { recursive: true, mode: 0o755 })
      await mkdir(this.#partialFolder, { recursive: true, mode: 0o700 })
    })
    const partial = join(this.#partialFolder, `${order.sha256}.part`)
    for (let fruitless = 0; ; ) {
      const before = await lengthOf(partial)
      try {
        await this.#attempt(partial, order)
        break
      } catch (error) {
        if (!(error instanceof FetchError)) throw error
        fruitless = (await lengthOf(partial)) > before ? 0 : fruitless + 1
        if (fruitless >= FRUITLESS_ATTEMPTS || error.failureClass === 'permanent') throw error
      }
    }
    await storing(async () => {
      await rm(path, { force: true, recursive: true })
      await rename(partial, path)
      await syncFolder(this.#blobFolder)
    })
  }

  async #attempt(partial: string, order: BlobOrder): Promise<void> {
    const have = Math.min(await lengthOf(partial), order.bytes)
    const stream = await this.#fetcher.blob(order.sha256, have)
    if (stream === undefined) {
      throw new UpdateRefusedError(
        'incomplete',
        `A file of an approved model (${order.sha256.slice(0, 12)}) is missing.`,
      )
    }
    const file = await storing(() => open(partial, stream.offset === 0 ? 'w' : 'r+', 0o600))
    try {
      const hash = createHash('sha256')
      if (stream.offset > 0) await hashPrefix(partial, stream.offset, hash)
      await this.#append(file, stream.offset, stream.chunks, order, hash)
      await storing(() => file.datasync())
      if (hash.digest('hex') === order.sha256) return
    } finally {
      await file.close()
    }
    await rm(partial, { force: true })
    throw new UpdateRefusedError(
      'tampered-file',
      `A file of an approved model (${order.sha256.slice(0, 12)}) differs from the one that was approved.`,
    )
  }

  async #append(
    file: FileHandle,
    offset: number,
    chunks: AsyncIterable<Uint8Array>,
    order: BlobOrder,
    hash: Hash,
  ): Promise<void> {
    let position = offset
    for await (const chunk of chunks) {
      if (position + chunk.length > order.bytes) {
        throw new UpdateRefusedError(
          'endless-data',
          `A file of an approved model goes on past its ${order.bytes} bytes.`,
        )
      }
      await storing(() => file.write(chunk, 0, chunk.length, position))
      hash.update(chunk)
      position += chunk.length
    }
    if (position < order.bytes) throw new FetchError('unreachable', 'a file ended before its approved length')
  }
}

/** True when a plain file of that length and digest stands at the path. */
export async function hasContent(path: string, order: BlobOrder): Promise<boolean> {
  try {
    if ((await stat(path)).size !== order.bytes) return false
    const hash = createHash('sha256')
    await hashPrefix(path, order.bytes, hash)
    return hash.digest('hex') === order.sha256
  } catch {
    return false
  }
}

async function hashPrefix(path: string, bytes: number, hash: Hash): Promise<void> {
  if (bytes === 0) return
  for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk as Uint8Array)
}

async function lengthOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

async function storing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    throw new UpdateStorageError('kit-not-writable', cause)
  }
}
