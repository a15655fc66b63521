import { type FileHandle, open, rm } from 'node:fs/promises'
import type { GateOutput } from './gate.ts'

/** Small pieces are written together. */
const GATHERED_BYTES = 262_144

/** The file of one de-identified instance. It stays only when the gate let the instance through. */
export class PassedFile implements GateOutput {
  readonly #path: string
  #handle: FileHandle | undefined
  #gathered: Uint8Array[] = []
  #bytes = 0

  constructor(path: string) {
    this.#path = path
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length >= GATHERED_BYTES) {
      await this.#flush()
      await this.#append(bytes)
      return
    }
    this.#gathered.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= GATHERED_BYTES) await this.#flush()
  }

  /** Finishes the file, or removes it. Workers read it after this. */
  async close(isKept: boolean): Promise<void> {
    try {
      if (isKept) await this.#flush()
    } finally {
      await this.#handle?.close()
      if (!isKept) await rm(this.#path, { force: true })
    }
  }

  async #flush(): Promise<void> {
    if (this.#bytes === 0) return
    const gathered = Buffer.concat(this.#gathered)
    this.#gathered = []
    this.#bytes = 0
    await this.#append(gathered)
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#handle ??= await open(this.#path, 'wx', 0o640)
    await this.#handle.writeFile(bytes)
  }
}
