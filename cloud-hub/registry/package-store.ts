import { randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Sha256Hex, syncFolder } from '@leadglass/sync-agent/foundation'

/** Package folders by digest, read-only once they stand. */
export class PackageStore {
  readonly #folder: string

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder
  }

  /** Where the package with this digest lies, or would lie. */
  path(digest: Sha256Hex | string): string {
    return join(this.#folder, digest)
  }

  async has(digest: Sha256Hex | string): Promise<boolean> {
    return (await stat(this.path(digest)).catch(() => undefined))?.isDirectory() === true
  }

  /**
   * Copies a package folder in. The copy is checked before it gets its name, so what stands under a digest is whole.
   * @param verify reads the copy and throws when it is not the package with this digest.
   */
  async put(source: string, digest: Sha256Hex, verify: (folder: string) => Promise<void>): Promise<void> {
    if (await this.has(digest)) return
    await mkdir(this.#folder, { recursive: true, mode: 0o755 })
    const incoming = join(this.#folder, `.incoming-${randomUUID()}`)
    try {
      await cp(source, incoming, { recursive: true, dereference: false, verbatimSymlinks: true })
      await verify(incoming)
      await seal(incoming)
      await rename(incoming, this.path(digest)).catch(async (error: unknown) => {
        if (!(await this.has(digest))) throw error // another import of the same package was first
      })
    } finally {
      await rm(incoming, { recursive: true, force: true })
    }
    await syncFolder(this.#folder)
  }

  /** Removes what interrupted imports left. To be called at start, before any import. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    for (const name of names.filter((one) => one.startsWith('.incoming-'))) {
      await rm(join(this.#folder, name), { recursive: true, force: true })
    }
  }
}

async function seal(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      await seal(path)
      continue
    }
    await chmod(path, 0o644)
    const handle = await open(path, 'r+')
    await handle.datasync().finally(() => handle.close())
    await chmod(path, 0o444)
  }
  await syncFolder(folder)
}
