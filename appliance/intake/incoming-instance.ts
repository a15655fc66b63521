import type { PartFile } from './part-file.ts'
import type { BodyWriter } from './spool-cipher.ts'

/** Instances up to this size are held in memory until they are whole; larger ones are written as they come. */
export const IN_MEMORY_BYTES = 2_097_152
/** Bytes of a larger one that are gathered before they are written. */
const WRITE_BYTES = 1_048_576

/** What an instance has become when it is whole: pieces for the landing log, or a file of its own. */
export type WholeInstance =
  | { readonly kind: 'pieces'; readonly pieces: readonly Uint8Array[]; readonly bodyBytes: number }
  | { readonly kind: 'file'; readonly name: string; readonly bodyBytes: number }

/** What an instance that comes is made of. */
export interface IncomingParts {
  /** Null when instances are not encrypted. */
  readonly fileKey: Uint8Array | null
  readonly writer: BodyWriter
  readonly createPart: () => Promise<PartFile>
  /** Told once, when it is whole or forgotten. */
  readonly onEnd: () => void
}

/** One instance on its way to the spool. */
export class IncomingInstance {
  /** Null when instances are not encrypted. */
  readonly fileKey: Uint8Array | null
  readonly #writer: BodyWriter
  readonly #createPart: () => Promise<PartFile>
  #onEnd: (() => void) | undefined
  #part: PartFile | undefined
  #pieces: Uint8Array[] = []
  #gathered = 0
  #bodyBytes = 0

  constructor({ fileKey, writer, createPart, onEnd }: IncomingParts) {
    this.fileKey = fileKey
    this.#writer = writer
    this.#createPart = createPart
    this.#onEnd = onEnd
  }

  /** Takes more bytes, which are the caller's again when this returns. A promise: the sender must wait for it. */
  write(bytes: Uint8Array): undefined | Promise<void> {
    for (const piece of this.#writer.push(bytes)) this.#gather(piece)
    return this.#gathered > (this.#part === undefined ? IN_MEMORY_BYTES : WRITE_BYTES) ? this.#flush() : undefined
  }

  /** The instance is whole. A file of its own is durable when this resolves; pieces are only handed over. */
  async finish(): Promise<WholeInstance> {
    this.#gather(this.#writer.finish())
    if (this.#part === undefined) {
      this.#end()
      const pieces = this.#pieces
      this.#pieces = []
      return { kind: 'pieces', pieces, bodyBytes: this.#bodyBytes }
    }
    await this.#flush()
    await this.#part.settle()
    this.#end()
    return { kind: 'file', name: this.#part.name, bodyBytes: this.#bodyBytes }
  }

  /** Forgets the instance. */
  async discard(): Promise<void> {
    this.#end()
    this.#pieces = []
    await this.#part?.discard()
  }

  #end(): void {
    this.#onEnd?.()
    this.#onEnd = undefined
  }

  #gather(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#gathered += piece.length
    this.#bodyBytes += piece.length
  }

  async #flush(): Promise<void> {
    const pieces = this.#pieces
    this.#pieces = []
    this.#gathered = 0
    this.#part ??= await this.#createPart()
    await this.#part.write(pieces)
    pieces.forEach(releaseMemory)
  }
}

/**
 * Gives a buffer's memory back at once. Left to the garbage collector, some hundred kilobytes an object force a full
 * collection every few dozen objects, which costs more than receiving them.
 */
export function releaseMemory(bytes: Uint8Array): void {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) buffer.transfer(0)
}
