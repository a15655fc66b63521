import { type CipherGCM, createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { SpoolError } from './errors.ts'

/**
 * The form of a spool file: magic, salt, then segments of 64 KiB (the last one may be shorter), each AES-256-GCM under a
 * key of the file's own (HKDF-SHA-256 of the spool key and the salt), and at the end an empty segment that is marked as
 * the end. The nonce is the segment's number and whether it is the end, so segments cannot be exchanged, dropped or cut
 * off unnoticed, and bytes can be encrypted as they come, without waiting for a segment to be whole.
 */
export const SPOOL_MAGIC = Buffer.from('LGSPOOL1', 'latin1')
export const SALT_BYTES = 32
const SEGMENT_BYTES = 65_536
const TAG_BYTES = 16
const NONCE_BYTES = 12

/** Encrypts one file as its bytes come. */
export class SpoolEncryptor {
  readonly #key: Buffer
  #cipher: CipherGCM | undefined
  #inSegment = 0
  #segment = 0

  /** @param key 32 bytes. @param salt 32 random bytes, used for this file only. */
  constructor(key: Uint8Array, salt: Uint8Array) {
    this.#key = fileKey(key, salt)
  }

  /** The encrypted form of these bytes, to be written in order. The bytes themselves are not kept. */
  push(bytes: Uint8Array): Buffer[] {
    const sealed: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      this.#cipher ??= this.#begin(false)
      const piece = bytes.subarray(at, at + SEGMENT_BYTES - this.#inSegment)
      sealed.push(this.#cipher.update(piece))
      at += piece.length
      this.#inSegment += piece.length
      if (this.#inSegment === SEGMENT_BYTES) sealed.push(this.#end())
    }
    return sealed
  }

  /** What closes the file. */
  finish(): Buffer {
    const rest = this.#inSegment > 0 ? [this.#end()] : []
    this.#cipher = this.#begin(true)
    return Buffer.concat([...rest, this.#end()])
  }

  #begin(end: boolean): CipherGCM {
    return createCipheriv('aes-256-gcm', this.#key, nonce(this.#segment, end))
  }

  /** The tag of the segment. GCM is a stream: `final` gives no bytes, only readiness for the tag. */
  #end(): Buffer {
    if (this.#cipher === undefined) throw new TypeError('no segment is open')
    this.#cipher.final()
    const tag = this.#cipher.getAuthTag()
    this.#cipher = undefined
    this.#inSegment = 0
    this.#segment += 1
    return tag
  }
}

/**
 * The plain bytes of a whole spool file.
 * @throws {SpoolError} `spool-damaged` when it was cut off, changed, or written under another key.
 */
export function decryptSpoolFile(file: Buffer, key: Uint8Array): Buffer {
  const start = SPOOL_MAGIC.length + SALT_BYTES
  const end = file.length - TAG_BYTES
  if (end < start || !file.subarray(0, SPOOL_MAGIC.length).equals(SPOOL_MAGIC)) throw damaged()
  const own = fileKey(key, file.subarray(SPOOL_MAGIC.length, start))
  const segments = Math.ceil((end - start) / (SEGMENT_BYTES + TAG_BYTES))
  const plain = Buffer.allocUnsafe(Math.max(0, end - start - segments * TAG_BYTES))
  let written = 0
  for (let segment = 0; segment < segments; segment += 1) {
    const from = start + segment * (SEGMENT_BYTES + TAG_BYTES)
    const sealed = file.subarray(from, Math.min(end, from + SEGMENT_BYTES + TAG_BYTES))
    // An empty segment is the end, and nothing comes after the end.
    if (sealed.length <= TAG_BYTES) throw damaged()
    written += open(own, nonce(segment, false), sealed).copy(plain, written)
  }
  open(own, nonce(segments, true), file.subarray(end))
  return plain
}

function open(key: Buffer, iv: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, iv)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
    decipher.final()
    return plain
  } catch (cause) {
    throw damaged(cause)
  }
}

function fileKey(key: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'leadglass spool file', 32))
}

function nonce(segment: number, end: boolean): Buffer {
  const value = Buffer.alloc(NONCE_BYTES)
  value.writeUIntBE(segment, NONCE_BYTES - 7, 6)
  value[NONCE_BYTES - 1] = end ? 1 : 0
  return value
}

function damaged(cause?: unknown): SpoolError {
  return new SpoolError('spool-damaged', cause)
}
