import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { SpoolError } from './errors.ts'

/**
 * The body of a stored instance: chunks of 1 MiB (the last one may be shorter), each AES-256-GCM under a key of the
 * file's own, and at the end an empty chunk that is marked as the end. The nonce is the chunk's number and whether it is
 * the end, so chunks cannot be exchanged, dropped or cut off unnoticed, and bytes can be encrypted as they come, without
 * waiting for a chunk to be whole.
 */
const CHUNK_BYTES = 1_048_576
const TAG_BYTES = 16
const NONCE_BYTES = 12

/** The form of files before there were keys of studies: magic, salt, body under HKDF-SHA-256 of spool key and salt. */
const OLD_MAGIC = Buffer.from('LGSPOOL1', 'latin1')
const OLD_SALT_BYTES = 32
const OLD_CHUNK_BYTES = 65_536

/** Plain bytes of one chunk: whoever wants the beginning of a body must take so many more. */
export const BODY_CHUNK_BYTES = CHUNK_BYTES

/** Bytes that each chunk has beyond its plain ones. */
export const CHUNK_TAG_BYTES = TAG_BYTES

/** Takes plain bytes as they come and gives what is to be stored, in order. The bytes given are not kept. */
export interface BodyWriter {
  push(bytes: Uint8Array): Buffer[]
  finish(): Buffer
}

/** Encrypts one body as its bytes come. */
export class BodyEncryptor implements BodyWriter {
  readonly #key: KeyObject
  #cipher: CipherGCM | undefined
  #inChunk = 0
  #chunk = 0

  /** @param key 32 bytes, used for this body only. */
  constructor(key: Uint8Array) {
    // A key object is prepared once; raw bytes would be for every chunk.
    this.#key = createSecretKey(key)
  }

  push(bytes: Uint8Array): Buffer[] {
    const sealed: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      this.#cipher ??= this.#begin(false)
      const piece = bytes.subarray(at, at + CHUNK_BYTES - this.#inChunk)
      sealed.push(this.#cipher.update(piece))
      at += piece.length
      this.#inChunk += piece.length
      if (this.#inChunk === CHUNK_BYTES) sealed.push(this.#end())
    }
    return sealed
  }

  /** What closes the body. */
  finish(): Buffer {
    const rest = this.#inChunk > 0 ? [this.#end()] : []
    this.#cipher = this.#begin(true)
    return Buffer.concat([...rest, this.#end()])
  }

  #begin(end: boolean): CipherGCM {
    return createCipheriv('aes-256-gcm', this.#key, nonce(this.#chunk, end))
  }

  /** The tag of the chunk. GCM is a stream: `final` gives no bytes, only readiness for the tag. */
  #end(): Buffer {
    if (this.#cipher === undefined) throw new TypeError('no chunk is open')
    this.#cipher.final()
    const tag = this.#cipher.getAuthTag()
    this.#cipher = undefined
    this.#inChunk = 0
    this.#chunk += 1
    return tag
  }
}

/** For sites whose disk is encrypted: the bytes as they are. */
export class PlainBody implements BodyWriter {
  push(bytes: Uint8Array): Buffer[] {
    return [Buffer.from(bytes)]
  }

  finish(): Buffer {
    return Buffer.alloc(0)
  }
}

/**
 * The plain bytes of a whole body.
 * @throws {SpoolError} `spool-damaged` when it was cut off, changed, or written under another key.
 */
export function openBody(body: Buffer, key: Uint8Array, chunkBytes = CHUNK_BYTES): Buffer {
  const end = body.length - TAG_BYTES
  if (end < 0) throw damaged()
  const { plain, chunks } = openChunks(body.subarray(0, end), key, chunkBytes)
  openEnd(key, chunks, body.subarray(end))
  return plain
}

/**
 * The plain bytes of the beginning of a body: of the chunks that are wholly in `beginning`.
 * @throws {SpoolError} `spool-damaged`.
 */
export function openBeginning(beginning: Buffer, key: Uint8Array): Buffer {
  const sealed = CHUNK_BYTES + TAG_BYTES
  return openChunks(beginning.subarray(0, Math.floor(beginning.length / sealed) * sealed), key, CHUNK_BYTES).plain
}

/** True for a file of the old form, by its first bytes. */
export function isOldFile(file: Buffer): boolean {
  return file.subarray(0, OLD_MAGIC.length).equals(OLD_MAGIC)
}

/**
 * The plain bytes of a file of the old form.
 * @returns `undefined` when the file is not of the old form.
 * @throws {SpoolError} `spool-damaged`.
 */
export function openOldFile(file: Buffer, spoolKey: Uint8Array): Buffer | undefined {
  const start = OLD_MAGIC.length + OLD_SALT_BYTES
  if (!isOldFile(file)) return undefined
  const salt = file.subarray(OLD_MAGIC.length, start)
  const key = Buffer.from(hkdfSync('sha256', spoolKey, salt, 'leadglass spool file', 32))
  return openBody(file.subarray(start), key, OLD_CHUNK_BYTES)
}

/** The plain bytes of one chunk. @throws {SpoolError} `spool-damaged`. */
export function openChunk(key: Uint8Array, chunk: number, sealed: Buffer): Buffer {
  // An empty chunk is the end, and nothing comes after the end.
  if (sealed.length <= TAG_BYTES) throw damaged()
  return open(key, nonce(chunk, false), sealed)
}

/** Looks at what closes a body of so many chunks. @throws {SpoolError} `spool-damaged`. */
export function openEnd(key: Uint8Array, chunks: number, sealed: Buffer): void {
  open(key, nonce(chunks, true), sealed)
}

function openChunks(sealed: Buffer, key: Uint8Array, chunkBytes: number): { plain: Buffer; chunks: number } {
  const chunks = Math.ceil(sealed.length / (chunkBytes + TAG_BYTES))
  const plain = Buffer.allocUnsafe(Math.max(0, sealed.length - chunks * TAG_BYTES))
  let written = 0
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    const from = chunk * (chunkBytes + TAG_BYTES)
    const one = sealed.subarray(from, from + chunkBytes + TAG_BYTES)
    written += openChunk(key, chunk, one).copy(plain, written)
  }
  return { plain, chunks }
}

function open(key: Uint8Array, iv: Buffer, sealed: Buffer): Buffer {
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

function nonce(chunk: number, end: boolean): Buffer {
  const value = Buffer.alloc(NONCE_BYTES)
  value.writeUIntBE(chunk, NONCE_BYTES - 7, 6)
  value[NONCE_BYTES - 1] = end ? 1 : 0
  return value
}

function damaged(cause?: unknown): SpoolError {
  return new SpoolError('spool-damaged', cause)
}
