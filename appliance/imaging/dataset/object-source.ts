/** The bytes of one object, wherever they lie; nothing of it is held in memory but what is asked for. */
export interface ObjectSource {
  /** Bytes of the whole object. */
  readonly size: number
  /** `length` bytes from `offset`; fewer only where the object ends. The caller may keep them. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** An object that lies in memory already; ranges are views. */
export function memorySource(bytes: Uint8Array): ObjectSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

/** The same object read through one window of so many bytes: many small ascending reads become few. */
export function windowed(source: ObjectSource, bytes: number): ObjectSource {
  const window = new SourceWindow(source, bytes)
  return {
    size: source.size,
    read: async (offset, length) => {
      const available = Math.min(length, source.size - offset)
      return available <= 0 ? new Uint8Array(0) : ((await window.at(offset, available)) ?? new Uint8Array(0))
    },
  }
}

/** Ascending small reads through one window, so that walking over an object costs few reads. */
export class SourceWindow {
  readonly #source: ObjectSource
  readonly #bytes: number
  #window: Uint8Array = new Uint8Array(0)
  #start = 0

  /** @param bytes of one read. */
  constructor(source: ObjectSource, bytes: number) {
    this.#source = source
    this.#bytes = bytes
  }

  /** A view of these bytes, or `undefined` where the object ends before. */
  async at(offset: number, length: number): Promise<Buffer | undefined> {
    if (offset + length > this.#source.size) return undefined
    if (offset < this.#start || offset + length > this.#start + this.#window.length) {
      this.#window = await this.#source.read(offset, Math.max(length, this.#bytes))
      this.#start = offset
    }
    const { buffer, byteOffset } = this.#window
    return Buffer.from(buffer, byteOffset + offset - this.#start, length)
  }
}
