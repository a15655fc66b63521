import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { SpoolError } from './errors.ts'

/**
 * The form of a spool file: magic, salt, then segments of 64 KiB, each AES-256-GCM under a key of the file's own
 * (HKDF-SHA-256 of the spool key and the salt). The nonce is the segment's number and whether it is the last, so
 * segments cannot be exchanged, dropped or cut off unnoticed.
 */
export const SPOOL_MAGIC = Buffer.from('LGSPOOL1', 'latin1')
export const SALT_BYTES = 32
const SEGMENT_BYTES = 65_536
const TAG_BYTES = 16
const NONCE_BYTES = 12

/** Encrypts one file as its bytes come. */
export class SpoolEncryptor {
  readonly #key: Buffer
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #segment = 0

  /** @param key 32 bytes. @param salt 32 random bytes, used for this file only. */
  constructor(key: Uint8Array, salt: Uint8Array) {
    this.#key = fileKey(key, salt)
  }

  /** What can be written of the bytes so far: whole segments, never the last one. */
  push(bytes: Uint8Array): Buffer[] {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes <= SEGMENT_BYTES) return []
    const whole = Buffer.concat(this.#pending)
    const sealed: Buffer[] = []
    let at = 0
    // The last segment is sealed by `finish`, so one byte at least is always kept back.
    while (whole.length - at > SEGMENT_BYTES) {
      sealed.push(this.#seal(whole.subarray(at, at + SEGMENT_BYTES), false))
      at += SEGMENT_BYTES
    }
    this.#pending = [whole.subarray(at)]
    this.#pendingBytes = whole.length - at
    return sealed
  }

  /** The last segment. */
  finish(): Buffer {
    return this.#seal(Buffer.concat(this.#pending), true)
  }

  #seal(segment: Uint8Array, last: boolean): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(this.#segment, last))
    this.#segment += 1
    return Buffer.concat([cipher.update(segment), cipher.final(), cipher.getAuthTag()])
  }
}

/**
 * The plain bytes of a whole spool file.
 * @throws {SpoolError} `spool-damaged` when it was cut off, changed, or written under another key.
 */
export function decryptSpoolFile(file: Buffer, key: Uint8Array): Buffer {
  const start = SPOOL_MAGIC.length + SALT_BYTES
  if (file.length < start + TAG_BYTES || !file.subarray(0, SPOOL_MAGIC.length).equals(SPOOL_MAGIC)) throw damaged()
  const own = fileKey(key, file.subarray(SPOOL_MAGIC.length, start))
  const segments = Math.ceil((file.length - start) / (SEGMENT_BYTES + TAG_BYTES))
  const plain = Buffer.allocUnsafe(file.length - start - segments * TAG_BYTES)
  let written = 0
  for (let segment = 0; segment < segments; segment += 1) {
    const from = start + segment * (SEGMENT_BYTES + TAG_BYTES)
    const sealed = file.subarray(from, from + SEGMENT_BYTES + TAG_BYTES)
    if (sealed.length < TAG_BYTES) throw damaged()
    const decipher = createDecipheriv('aes-256-gcm', own, nonce(segment, segment === segments - 1))
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
    try {
      written += decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)).copy(plain, written)
      decipher.final()
    } catch (cause) {
      throw damaged(cause)
    }
  }
  return plain.subarray(0, written)
}

function fileKey(key: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'leadglass spool file', 32))
}

function nonce(segment: number, last: boolean): Buffer {
  const value = Buffer.alloc(NONCE_BYTES)
  value.writeUIntBE(segment, NONCE_BYTES - 7, 6)
  value[NONCE_BYTES - 1] = last ? 1 : 0
  return value
}

function damaged(cause?: unknown): SpoolError {
  return new SpoolError('spool-damaged', cause)
}
