import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Randomness } from '@leadglass/sync-agent/foundation'
import type { KeyRecords } from '../records/index.ts'
import { SpoolError } from './errors.ts'

/** Bytes of every key here (AES-256). */
export const KEY_BYTES = 32
/** A wrapped key: RFC 3394 adds eight bytes. */
export const WRAPPED_BYTES = 40
/** The number under which files of no study are kept: their keys are wrapped by the site's key itself. */
export const SITE_KEY_ID = 0

/** RFC 3394 2.2.3.1: the initial value. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6)

/** Wraps a key under another (RFC 3394). @returns 40 bytes. */
export function wrapKey(wrapping: Uint8Array, key: Uint8Array): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', wrapping, INITIAL_VALUE)
  return Buffer.concat([cipher.update(key), cipher.final()])
}

/** Unwraps a key. @throws {SpoolError} `spool-damaged` when it was changed or wrapped under another key. */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv('id-aes256-wrap', wrapping, INITIAL_VALUE)
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  } catch (cause) {
    throw new SpoolError('spool-damaged', cause)
  }
}

/** What wraps the keys of files: a key per study, or the site's for what belongs to no study. */
export interface FileKeys {
  /** Wraps a file's key for a study (null: none), making the study's key when it has none. Call it in a transaction. */
  wrap(studyId: number | null, fileKey: Uint8Array): { readonly keyId: number; readonly wrapped: Buffer }
  /** @throws {SpoolError} `spool-key-destroyed`, `spool-damaged`. */
  unwrap(keyId: number, wrapped: Uint8Array): Buffer
}

/** Keys of studies over the record of them. Nothing is cached, so that a destroyed key is gone at once. */
export class StudyKeys implements FileKeys {
  readonly #records: KeyRecords
  readonly #siteKey: Uint8Array
  readonly #randomness: Randomness

  /** @param siteKey 32 bytes, wraps every study's key. */
  constructor(records: KeyRecords, siteKey: Uint8Array, randomness: Randomness) {
    this.#records = records
    this.#siteKey = siteKey
    this.#randomness = randomness
  }

  wrap(studyId: number | null, fileKey: Uint8Array): { readonly keyId: number; readonly wrapped: Buffer } {
    if (studyId === null) return { keyId: SITE_KEY_ID, wrapped: wrapKey(this.#siteKey, fileKey) }
    const known = this.#records.ofStudy(studyId)
    if (known !== undefined) return { keyId: known.keyId, wrapped: wrapKey(this.#open(known.wrapped), fileKey) }
    const studyKey = this.#randomness.bytes(KEY_BYTES)
    const keyId = this.#records.add(studyId, wrapKey(this.#siteKey, studyKey))
    return { keyId, wrapped: wrapKey(studyKey, fileKey) }
  }

  unwrap(keyId: number, wrapped: Uint8Array): Buffer {
    if (keyId === SITE_KEY_ID) return unwrapKey(this.#siteKey, wrapped)
    return unwrapKey(this.#open(this.#records.find(keyId)?.wrapped ?? null), wrapped)
  }

  #open(wrapped: Uint8Array | null): Buffer {
    if (wrapped === null) throw new SpoolError('spool-key-destroyed')
    return unwrapKey(this.#siteKey, wrapped)
  }
}
