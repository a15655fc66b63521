import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { syncFolder } from '@leadglass/sync-agent/foundation'
import { HEAD_BYTES } from './spool-file.ts'
import { writeAll } from './write-all.ts'

/** A large instance's own file while it comes: room for a head, then the body. */
export class PartFile {
  readonly path: string
  readonly #handle: FileHandle
  /** The directory entry becomes durable while the body still comes. */
  readonly #named: Promise<void>
  #open = true

  private constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
    this.#named = syncFolder(dirname(path))
    // Looked at in `settle`; a part that is discarded before that does not care.
    this.#named.catch(() => undefined)
  }

  /** Makes the file. @throws what the file system throws. */
  static async create(path: string): Promise<PartFile> {
    const handle = await open(path, 'wx', 0o600)
    const part = new PartFile(path, handle)
    await part.write([Buffer.alloc(HEAD_BYTES)])
    return part
  }

  get name(): string {
    return basename(this.path)
  }

  /** Writes pieces behind what is there; all of them are written when this resolves, not durably. */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    await writeAll(this.#handle, pieces, null)
  }

  /** Makes content and name durable (fdatasync, fsync of the folder) and closes the file. */
  async settle(): Promise<void> {
    await this.#handle.datasync()
    await this.#named
    await this.#close()
  }

  async discard(): Promise<void> {
    await this.#close()
    await rm(this.path, { force: true })
  }

  async #close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#handle.close()
  }
}
