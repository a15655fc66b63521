import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { z } from 'zod'
import type { ModelReference } from '../contract/index.ts'
import { syncFolder, writeFileAtomically } from '../foundation/index.ts'
import { UpdateStorageError } from './attacks.ts'

/** Path of a release's manifest below `targets/`: consistent snapshots put the digest before the name (TUF 6.2). */
export function manifestTargetPath(model: ModelReference): string {
  return posix.join('models', model.name, model.version, `${model.digest}.manifest.json`)
}

/** What one generation of the kit consists of. */
export interface KitContent {
  readonly metadata: ReadonlyMap<string, Uint8Array>
  /** Path below `targets/` to bytes. */
  readonly manifests: ReadonlyMap<string, Uint8Array>
  /** Digests that `blobs/` holds already. */
  readonly blobs: ReadonlySet<string>
}

const leftovers = z.array(z.string().max(400)).max(100_000)

/**
 * Writes kits so that a reader always finds one whole generation: every name is versioned or a digest, and
 * timestamp.json, the only entrance, is replaced last. Files of the generation before stay for readers who are still in
 * it, and go with the next.
 */
export class KitLayout {
  readonly #folder: string
  readonly #leftoverPath: string

  constructor(options: { readonly kitFolder: string; readonly stateFolder: string }) {
    this.#folder = options.kitFolder
    this.#leftoverPath = join(options.stateFolder, 'kit-leftovers.json')
  }

  get blobFolder(): string {
    return join(this.#folder, 'blobs')
  }

  get partialFolder(): string {
    return join(this.#folder, '.partial')
  }

  /** @throws {UpdateStorageError} The kit is then still the old generation. */
  async commit(content: KitContent): Promise<void> {
    try {
      for (const [path, bytes] of content.manifests) await this.#write(posix.join('targets', path), bytes)
      const changed: boolean[] = []
      for (const [name, bytes] of content.metadata) {
        if (name !== 'timestamp.json') changed.push(await this.#write(posix.join('metadata', name), bytes))
      }
      const timestamp = content.metadata.get('timestamp.json')
      if (timestamp !== undefined) changed.push(await this.#write('metadata/timestamp.json', timestamp))
      if (changed.includes(true)) await this.#sweep(content)
    } catch (cause) {
      throw new UpdateStorageError('kit-not-writable', cause)
    }
  }

  /** @returns true when the file was not there with these bytes. */
  async #write(relative: string, bytes: Uint8Array): Promise<boolean> {
    const path = join(this.#folder, relative)
    const present = await readFile(path).catch(() => undefined)
    if (present?.equals(bytes) === true) return false
    await makeFolder(dirname(path))
    await writeFileAtomically(path, bytes, 0o644)
    return true
  }

  async #sweep(content: KitContent): Promise<void> {
    const wanted = new Set([
      ...[...content.metadata.keys()].map((name) => `metadata/${name}`),
      ...[...content.manifests.keys()].map((path) => `targets/${path}`),
      ...[...content.blobs].map((digest) => `blobs/${digest}`),
    ])
    const unwanted = (await listFiles(this.#folder)).filter(
      (path) => !wanted.has(path) && !path.startsWith('.partial/'),
    )
    const old = new Set(await this.#readLeftovers())
    for (const path of unwanted) if (old.has(path)) await rm(join(this.#folder, path), { force: true })
    await makeFolder(dirname(this.#leftoverPath))
    await writeFileAtomically(this.#leftoverPath, JSON.stringify(unwanted.filter((path) => !old.has(path))))
  }

  async #readLeftovers(): Promise<readonly string[]> {
    try {
      return leftovers.parse(JSON.parse(await readFile(this.#leftoverPath, 'utf8')))
    } catch {
      return [] // then the sweep is one generation late
    }
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => posix.join(entry.parentPath, entry.name).slice(folder.length + 1))
}

async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o755 })
  if (first !== undefined) await syncFolder(dirname(first))
}
