import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha256Hex } from '../foundation/index.ts'
import { type BlobStream, collect, FetchError, type RepositoryFetcher } from './fetcher.ts'

/**
 * Reads a repository or kit from a folder; opens no socket. The folder may have been written by an enemy: links, pipes
 * and devices are refused before a byte is read.
 */
export class FolderFetcher implements RepositoryFetcher {
  readonly #folder: string

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder
  }

  metadata(name: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    return this.#whole(['metadata', name], maximumBytes)
  }

  target(path: string, maximumBytes: number): Promise<Uint8Array | undefined> {
    return this.#whole(['targets', ...path.split('/')], maximumBytes)
  }

  async blob(sha256: Sha256Hex, from: number): Promise<BlobStream | undefined> {
    const handle = await this.#open(['blobs', sha256])
    return handle === undefined ? undefined : { offset: from, chunks: this.#read(handle, from) }
  }

  async #whole(parts: readonly string[], maximumBytes: number): Promise<Uint8Array | undefined> {
    const handle = await this.#open(parts)
    return handle === undefined ? undefined : collect(this.#read(handle, 0), maximumBytes)
  }

  async *#read(handle: FileHandle, from: number): AsyncIterable<Uint8Array> {
    try {
      for await (const chunk of handle.createReadStream({ start: from, autoClose: false })) yield chunk as Uint8Array
    } catch (cause) {
      throw new FetchError('unreachable', 'a file of the kit could not be read', cause)
    } finally {
      await handle.close()
    }
  }

  async #open(parts: readonly string[]): Promise<FileHandle | undefined> {
    if (parts.some((part) => !/^[A-Za-z0-9._-]{1,200}$/.test(part) || part === '.' || part === '..')) {
      throw new FetchError('not-a-file', 'a file name of the kit is not acceptable')
    }
    try {
      let path = this.#folder
      for (const part of parts.slice(0, -1)) {
        path = join(path, part)
        if (!(await lstat(path)).isDirectory()) throw new FetchError('not-a-file', 'a folder of the kit is a link')
      }
      path = join(path, parts.at(-1) ?? '')
      // O_NONBLOCK: opening a pipe must not wait for a writer.
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
      if ((await handle.stat()).isFile()) return handle
      await handle.close()
      throw new FetchError('not-a-file', 'a file of the kit is not a plain file')
    } catch (error) {
      if (error instanceof FetchError) throw error
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      if (code === 'ELOOP') throw new FetchError('not-a-file', 'a file of the kit is a link', error)
      throw new FetchError('unreachable', `a file of the kit could not be opened (${String(code)})`, error)
    }
  }
}
