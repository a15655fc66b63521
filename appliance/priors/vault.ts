import { type CipherGCM, createCipheriv, createDecipheriv, createHash, hkdfSync, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Randomness, syncFolder } from '@leadglass/sync-agent/foundation'

const CIPHER = 'aes-256-gcm'
const MAGIC = Buffer.from('LGPRIOR1', 'latin1')
const NONCE_BYTES = 12
const TAG_BYTES = 16

export interface VaultOptions {
  readonly folder: string
  /** 32 bytes; a key of its own is derived from it. */
  readonly key: Uint8Array
  readonly randomness: Randomness
}

/**
 * The folder of fetched priors, apart from what was sent to the appliance: `incoming/` while they come, then
 * `<2 hex>/<SHA-256>.dcm`. A file is the magic, a nonce, the PS3.10 object under AES-256-GCM, and the tag.
 */
export class PriorVault {
  readonly #folder: string
  readonly #key: Buffer
  readonly #randomness: Randomness

  constructor({ folder, key, randomness }: VaultOptions) {
    this.#folder = folder
    this.#key = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'leadglass priors', 32))
    this.#randomness = randomness
  }

  /** Makes the folder, and removes what never finished and what no record knows. */
  async prepare(holds: (digest: string) => boolean): Promise<void> {
    const incoming = join(this.#folder, 'incoming')
    await rm(incoming, { recursive: true, force: true })
    await mkdir(incoming, { recursive: true, mode: 0o700 })
    for (const entry of await readdir(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(entry)) continue
      for (const name of await readdir(join(this.#folder, entry)))
        if (!holds(name.slice(0, 64))) await rm(join(this.#folder, entry, name), { force: true })
    }
  }

  /** Opens a file for one instance that is about to come. */
  async begin(): Promise<IncomingPrior> {
    const path = join(this.#folder, 'incoming', `${randomUUID()}.part`)
    const nonce = Buffer.from(this.#randomness.bytes(NONCE_BYTES))
    const handle = await open(path, 'wx', 0o600)
    await handle.write(Buffer.concat([MAGIC, nonce]))
    return new IncomingPrior(path, handle, createCipheriv(CIPHER, this.#key, nonce))
  }

  /** Moves a whole file to its place, durably. @returns its digest. */
  async keep(file: IncomingPrior): Promise<string> {
    const digest = await file.finish()
    const folder = join(this.#folder, digest.slice(0, 2))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await rename(file.path, this.#pathOf(digest))
    await syncFolder(folder)
    await syncFolder(this.#folder)
    return digest
  }

  /** The PS3.10 object with this digest. @throws when it is gone or was changed. */
  async read(digest: string): Promise<Buffer> {
    const file = await readFile(this.#pathOf(digest))
    const [nonceAt, contentAt, tagAt] = [MAGIC.length, MAGIC.length + NONCE_BYTES, file.length - TAG_BYTES]
    if (tagAt < contentAt || !file.subarray(0, nonceAt).equals(MAGIC)) throw new Error('no file of a prior')
    const decipher = createDecipheriv(CIPHER, this.#key, file.subarray(nonceAt, contentAt))
    decipher.setAuthTag(file.subarray(tagAt))
    return Buffer.concat([decipher.update(file.subarray(contentAt, tagAt)), decipher.final()])
  }

  #pathOf(digest: string): string {
    return join(this.#folder, digest.slice(0, 2), `${digest}.dcm`)
  }
}

/** One instance on its way into the vault. */
export class IncomingPrior {
  readonly path: string
  readonly #handle: FileHandle
  readonly #cipher: CipherGCM
  readonly #hash = createHash('sha256')
  #open = true

  constructor(path: string, handle: FileHandle, cipher: CipherGCM) {
    this.path = path
    this.#handle = handle
    this.#cipher = cipher
  }

  /** Takes more bytes, which are the caller's again when the promise settles. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes)
    await this.#append(this.#cipher.update(bytes))
  }

  /** Makes the content durable and closes the file. @returns the digest of what was written. */
  async finish(): Promise<string> {
    await this.#append(Buffer.concat([this.#cipher.final(), this.#cipher.getAuthTag()]))
    await this.#handle.datasync()
    this.#open = false
    await this.#handle.close()
    return this.#hash.digest('hex')
  }

  /** Forgets the file. */
  async discard(): Promise<void> {
    if (this.#open) await this.#handle.close()
    this.#open = false
    await rm(this.path, { force: true })
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten
  }
}
