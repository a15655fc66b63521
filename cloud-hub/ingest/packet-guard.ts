import { Transform, type TransformCallback } from 'node:stream'

/** MQTT 3.1.1 2.2.3: the remaining length takes at most four bytes. */
const MAX_LENGTH_BYTES = 4

/** A packet was announced that is larger than the broker takes, or whose length is malformed. */
export class PacketTooLarge extends Error {
  constructor() {
    super('the MQTT packet is larger than the broker takes')
  }
}

/**
 * Follows the fixed headers of an MQTT byte stream and fails it as soon as a header announces a packet larger than the
 * cap, before any of that packet is held in memory.
 */
export class PacketGuard extends Transform {
  readonly #limit: number
  /** Bytes of the current packet's body still to come. */
  #remaining = 0
  /** Bytes of the current fixed header seen so far: 0 is the type byte. */
  #headerBytes = 0
  #length = 0

  constructor(limit: number) {
    super()
    this.#limit = limit
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#remaining > 0) {
        const step = Math.min(this.#remaining, chunk.length - offset)
        this.#remaining -= step
        offset += step
      } else if (!this.#headerByte(chunk[offset] ?? 0)) {
        done(new PacketTooLarge())
        return
      } else offset += 1
    }
    done(null, chunk)
  }

  /** @returns false when the header is malformed or announces too much. */
  #headerByte(byte: number): boolean {
    if (this.#headerBytes === 0) {
      this.#headerBytes = 1
      this.#length = 0
      return true
    }
    this.#length += (byte & 0x7f) * 128 ** (this.#headerBytes - 1)
    this.#headerBytes += 1
    if (this.#length > this.#limit) return false
    if ((byte & 0x80) !== 0) return this.#headerBytes <= MAX_LENGTH_BYTES
    this.#headerBytes = 0
    this.#remaining = this.#length
    return true
  }
}
