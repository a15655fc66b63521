import { mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { RestClient } from '../../rest/rest-client.ts'
import { RestError } from '../../rest/rest-error.ts'
import { ExecutorError } from '../errors.ts'
import { MAX_RETURNED_BYTES } from '../port.ts'

/** Where a job's files lie so that both sides reach them. `id` is the job's own and of letters, digits and hyphens alone. */
export interface JobStore {
  /** The job's place, as the far side names it. */
  place(id: string): string
  put(id: string, path: string, bytes: Uint8Array): Promise<void>
  /** @returns undefined when there is no such file. @throws when it is larger than a job may hand back. */
  get(id: string, name: string): Promise<Uint8Array | undefined>
  /** Takes the job away from there: these files, and those that it may have written. */
  clear(id: string, paths: readonly string[]): Promise<void>
}

/** A folder that is mounted here and on the far side: NFS, a claimed volume, a mounted datastore. */
export class SharedFolder implements JobStore {
  readonly #here: string
  readonly #there: string

  constructor(here: string, there: string) {
    this.#here = here
    this.#there = there.replace(/\/$/, '')
  }

  place(id: string): string {
    return `${this.#there}/${id}`
  }

  async put(id: string, path: string, bytes: Uint8Array): Promise<void> {
    const full = join(this.#here, id, path)
    await mkdir(dirname(full), { recursive: true, mode: 0o770 })
    await writeFileAtomically(full, bytes, 0o660)
  }

  async get(id: string, name: string): Promise<Uint8Array | undefined> {
    const handle = await open(join(this.#here, id, name), 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (handle === undefined) return undefined
    try {
      const { size } = await handle.stat()
      if (size > MAX_RETURNED_BYTES) throw new ExecutorError('result-invalid', `${name} is too large to be taken`)
      const bytes = Buffer.alloc(size)
      const { bytesRead } = await handle.read(bytes, 0, size, 0)
      return bytes.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  }

  async clear(id: string): Promise<void> {
    await rm(join(this.#here, id), { recursive: true, force: true })
  }
}

/** A Unity Catalog volume over the Files API: PUT, GET and DELETE of /api/2.0/fs/files, directories of /api/2.0/fs/directories. */
export class DatabricksVolume implements JobStore {
  readonly #client: RestClient
  readonly #volume: string

  constructor(client: RestClient, volume: string) {
    this.#client = client
    this.#volume = volume.replace(/\/$/, '')
  }

  place(id: string): string {
    return `${this.#volume}/${id}`
  }

  async put(id: string, path: string, bytes: Uint8Array): Promise<void> {
    await this.#client.bytes({
      method: 'PUT',
      path: filePath(`${this.place(id)}/${path}`),
      query: { overwrite: 'true' },
      body: bytes,
    })
  }

  async get(id: string, name: string): Promise<Uint8Array | undefined> {
    try {
      const path = filePath(`${this.place(id)}/${name}`)
      return (await this.#client.bytes({ method: 'GET', path, maxBytes: MAX_RETURNED_BYTES })).bytes
    } catch (error) {
      if (error instanceof RestError && error.code === 'not-found') return undefined
      throw error
    }
  }

  async clear(id: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      try {
        await this.#client.bytes({ method: 'DELETE', path: filePath(`${this.place(id)}/${path}`) })
      } catch (error) {
        if (!(error instanceof RestError && error.code === 'not-found')) throw error
      }
    }
  }
}

function filePath(path: string): string {
  return `/api/2.0/fs/files${path.split('/').map(encodeURIComponent).join('/')}`
}
