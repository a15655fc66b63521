import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '../foundation/index.ts'
import { UpdateStorageError } from './attacks.ts'

/** No stored file is ever larger; a larger one is damage. */
const LARGEST_FILE = 8_000_000

/**
 * The last verified metadata of a device, as files that are replaced whole. What is read back is never believed: the
 * walk verifies every byte again from the sealed initial root, so a torn, altered or lost file is fetched anew and can
 * stop nothing. What must not be forgotten stands in the high-water marks instead.
 */
export class MetadataStore {
  readonly #folder: string
  readonly #initialRoot: Uint8Array

  constructor(options: { readonly stateFolder: string; readonly initialRoot: Uint8Array }) {
    this.#folder = join(options.stateFolder, 'metadata')
    this.#initialRoot = options.initialRoot
  }

  /** The root that the device was provisioned with. Comes from outside the store, so nothing here can damage it. */
  get initialRoot(): Uint8Array {
    return this.#initialRoot
  }

  /** Stored bytes of a later root, undefined when absent or unreadable. */
  root(version: number): Promise<Uint8Array | undefined> {
    return this.#read(`${version}.root.json`)
  }

  /** Stored bytes of a role, undefined when absent or unreadable. */
  role(role: string): Promise<Uint8Array | undefined> {
    return this.#read(fileNameOf(role))
  }

  /** TUF 5.3.8. @throws {UpdateStorageError} */
  writeRoot(version: number, bytes: Uint8Array): Promise<void> {
    return this.#write(`${version}.root.json`, bytes)
  }

  /** TUF 5.4.5, 5.5.7, 5.6.6. @throws {UpdateStorageError} */
  writeRole(role: string, bytes: Uint8Array): Promise<void> {
    return this.#write(fileNameOf(role), bytes)
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    try {
      const bytes = await readFile(join(this.#folder, name))
      return bytes.length > 0 && bytes.length <= LARGEST_FILE ? bytes : undefined
    } catch {
      return undefined // absent or unreadable: both are answered by fetching again
    }
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const path = join(this.#folder, name)
      // Whatever else stands in the file's place is damage, and a rename does not replace a folder.
      if ((await stat(path).catch(() => undefined))?.isDirectory() === true) await rm(path, { recursive: true })
      await writeFileAtomically(path, bytes)
    } catch (cause) {
      throw new UpdateStorageError('state-not-writable', cause)
    }
  }
}

/** A role's name may hold anything (TUF 4.5); as a file name it stays in its folder. */
function fileNameOf(role: string): string {
  return `${encodeURIComponent(role)}.json`
}
