import type { FileHandle } from 'node:fs/promises'
import { rm } from 'node:fs/promises'
import type { SpoolEncryptor } from './spool-cipher.ts'

/** Bytes that are gathered before they are written. */
const WRITE_BYTES = 1_048_576

/** One instance on its way to the spool. */
export class IncomingFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #encryptor: SpoolEncryptor
  #gathered: Uint8Array[]
  #gatheredBytes: number
  #open = true

  constructor(path: string, handle: FileHandle, head: Uint8Array, encryptor: SpoolEncryptor) {
    this.path = path
    this.#handle = handle
    this.#encryptor = encryptor
    this.#gathered = [head]
    this.#gatheredBytes = head.length
  }

  /** Takes more bytes, which are the caller's again when this returns. A promise: enough is gathered and is written. */
  write(bytes: Uint8Array): undefined | Promise<void> {
    for (const sealed of this.#encryptor.push(bytes)) this.#gather(sealed)
    return this.#gatheredBytes >= WRITE_BYTES ? this.#flush() : undefined
  }

  /** Hands the rest to the operating system; the content is complete, and not yet durable. */
  async finish(): Promise<void> {
    this.#gather(this.#encryptor.finish())
    await this.#flush()
  }

  /** Makes the content durable (fdatasync) and closes the file. */
  async settle(): Promise<void> {
    await this.#handle.datasync()
    await this.#close()
  }

  /** Forgets the file. */
  async discard(): Promise<void> {
    await this.#close()
    await rm(this.path, { force: true })
  }

  #gather(bytes: Uint8Array): void {
    this.#gathered.push(bytes)
    this.#gatheredBytes += bytes.length
  }

  async #flush(): Promise<void> {
    let waiting = this.#gathered
    const written = waiting
    this.#gathered = []
    this.#gatheredBytes = 0
    while (waiting.length > 0) {
      const { bytesWritten } = await this.#handle.writev(waiting)
      waiting = after(waiting, bytesWritten)
    }
    written.forEach(release)
  }

  async #close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#handle.close()
  }
}

/** What is left of buffers after so many bytes were written: writev may write less than it was given. */
function after(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let rest = bytes
  return buffers.flatMap((buffer) => {
    const taken = Math.min(rest, buffer.length)
    rest -= taken
    return taken === buffer.length ? [] : [buffer.subarray(taken)]
  })
}

/**
 * Gives a buffer's memory back at once. Left to the garbage collector, some hundred kilobytes an object force a full
 * collection every few dozen objects, which costs more than receiving them.
 */
function release(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) buffer.transfer(0)
}
