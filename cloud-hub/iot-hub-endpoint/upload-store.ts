import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { digestOf, type Sha256Hex, syncFolder, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { EndpointError } from './errors.ts'

/** A file that a device sent whole. `name` is what the device called it and is never used as a path. */
export interface StoredUpload {
  readonly device: DeviceId
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly sha256: Sha256Hex
}

/** Where uploads go. `id` is a UUID that the endpoint chose. */
export interface UploadStore {
  /** Forgets what was left half done by an earlier process. */
  start(): Promise<void>
  /** Keeps one block. @returns its bytes. @throws {EndpointError} `upload-too-large` beyond `limit` bytes. */
  putBlock(id: string, block: string, content: AsyncIterable<Uint8Array>, limit: number): Promise<number>
  /** Joins blocks in this order. @throws {EndpointError} `upload-malformed` when one is missing. */
  join(id: string, blocks: readonly string[]): Promise<{ readonly bytes: number; readonly sha256: Sha256Hex }>
  /** Keeps a joined file for good. Durable when it resolves. */
  keep(upload: StoredUpload): Promise<void>
  /** Throws a file away that was not kept. */
  discard(id: string): Promise<void>
  /** The whole of a file that was kept. */
  read(upload: StoredUpload): Promise<Uint8Array>
  /** Removes a file that was kept. */
  remove(upload: StoredUpload): Promise<void>
}

/** Uploads as files: `<device>/<id>.blob` with `<id>.json` beside it; blocks in `.incoming/` until then. */
export class FolderUploadStore implements UploadStore {
  readonly #folder: string
  readonly #incoming: string

  constructor(folder: string) {
    this.#folder = folder
    this.#incoming = join(folder, '.incoming')
  }

  async start(): Promise<void> {
    await rm(this.#incoming, { recursive: true, force: true })
    await mkdir(this.#incoming, { recursive: true, mode: 0o700 })
  }

  async putBlock(id: string, block: string, content: AsyncIterable<Uint8Array>, limit: number): Promise<number> {
    await mkdir(join(this.#incoming, id), { recursive: true, mode: 0o700 })
    const path = this.#block(id, block)
    const temporary = `${path}.${crypto.randomUUID()}`
    const handle = await open(temporary, 'wx', 0o600)
    let bytes = 0
    try {
      for await (const chunk of content) {
        bytes += chunk.byteLength
        if (bytes > limit) throw new EndpointError('upload-too-large', `a block may have ${limit} bytes`)
        await handle.writeFile(chunk)
      }
      await handle.close()
      await rename(temporary, path)
    } catch (error) {
      await handle.close()
      await rm(temporary, { force: true })
      throw error
    }
    return bytes
  }

  async join(id: string, blocks: readonly string[]): Promise<{ readonly bytes: number; readonly sha256: Sha256Hex }> {
    const handle = await open(join(this.#incoming, id, 'content'), 'w', 0o600)
    const hash = createHash('sha256')
    let bytes = 0
    try {
      for (const block of blocks) {
        for await (const chunk of createReadStream(this.#block(id, block)) as AsyncIterable<Buffer>) {
          hash.update(chunk)
          bytes += chunk.length
          await handle.writeFile(chunk)
        }
      }
      await handle.datasync()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new EndpointError('upload-malformed', 'the list names a block that was not sent')
    } finally {
      await handle.close()
    }
    return { bytes, sha256: hash.digest('hex') as Sha256Hex }
  }

  async keep(upload: StoredUpload): Promise<void> {
    const folder = join(this.#folder, upload.device)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await rename(join(this.#incoming, upload.id, 'content'), join(folder, `${upload.id}.blob`))
    await syncFolder(folder)
    // The description comes last: a blob without one was never reported as complete.
    await writeFileAtomically(join(folder, `${upload.id}.json`), JSON.stringify(upload))
    await this.discard(upload.id)
  }

  async discard(id: string): Promise<void> {
    await rm(join(this.#incoming, id), { recursive: true, force: true })
  }

  read({ device, id }: StoredUpload): Promise<Uint8Array> {
    return readFile(join(this.#folder, device, `${id}.blob`))
  }

  async remove({ device, id }: StoredUpload): Promise<void> {
    for (const ending of ['json', 'blob']) await rm(join(this.#folder, device, `${id}.${ending}`), { force: true })
  }

  #block(id: string, block: string): string {
    return join(this.#incoming, id, digestOf(block))
  }
}
