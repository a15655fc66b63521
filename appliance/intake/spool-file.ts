import { SpoolError } from './errors.ts'
import { isOldFile, openBody, openOldFile } from './spool-cipher.ts'
import { type FileKeys, WRAPPED_BYTES } from './study-keys.ts'

/** Head of a spool file: magic, number of the study's key, the file's key wrapped by it, length of the body. */
export const HEAD_BYTES = 64
const SEALED_MAGIC = Buffer.from('LGSPOOL2', 'latin1')
const PLAIN_MAGIC = Buffer.from('LGPLAIN2', 'latin1')
const KEY_ID_AT = 8
const LENGTH_AT = 16
const WRAPPED_AT = 24

/** The head of a file. @param wrapped `null` for a file that is not encrypted. */
export function spoolFileHead(
  wrapped: { readonly keyId: number; readonly wrapped: Uint8Array } | null,
  bodyBytes: number,
): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  ;(wrapped === null ? PLAIN_MAGIC : SEALED_MAGIC).copy(head)
  head.writeBigUInt64BE(BigInt(wrapped?.keyId ?? 0), KEY_ID_AT)
  head.writeBigUInt64BE(BigInt(bodyBytes), LENGTH_AT)
  if (wrapped !== null) head.set(wrapped.wrapped.subarray(0, WRAPPED_BYTES), WRAPPED_AT)
  return head
}

/** What the head of a file says: how long the body is and how to get its key, or that the file is of the form before. */
export type SpoolFileHead =
  | { readonly kind: 'sealed'; readonly bodyBytes: number; readonly keyId: number; readonly wrapped: Uint8Array }
  | { readonly kind: 'plain'; readonly bodyBytes: number }
  | { readonly kind: 'old' }

/** @param head the first `HEAD_BYTES` of a file. @throws {SpoolError} `spool-damaged`. */
export function readSpoolFileHead(head: Buffer): SpoolFileHead {
  const magic = head.subarray(0, KEY_ID_AT)
  if (head.length < HEAD_BYTES) throw new SpoolError('spool-damaged')
  if (isOldFile(head)) return { kind: 'old' }
  const bodyBytes = Number(head.readBigUInt64BE(LENGTH_AT))
  if (magic.equals(PLAIN_MAGIC)) return { kind: 'plain', bodyBytes }
  if (!magic.equals(SEALED_MAGIC)) throw new SpoolError('spool-damaged')
  const wrapped = head.subarray(WRAPPED_AT, WRAPPED_AT + WRAPPED_BYTES)
  return { kind: 'sealed', bodyBytes, keyId: Number(head.readBigUInt64BE(KEY_ID_AT)), wrapped }
}

/**
 * The plain bytes of a whole spool file, of this form or the one before.
 * @throws {SpoolError} `spool-damaged` when it was cut off, changed, or written under another key; `spool-key-destroyed`.
 */
export function openSpoolFile(file: Buffer, keys: FileKeys, oldKey: Uint8Array): Buffer {
  const old = openOldFile(file, oldKey)
  if (old !== undefined) return old
  const head = readSpoolFileHead(file.subarray(0, HEAD_BYTES))
  const body = file.subarray(HEAD_BYTES)
  if (head.kind === 'old' || head.bodyBytes !== body.length) throw new SpoolError('spool-damaged')
  return head.kind === 'plain' ? body : openBody(body, keys.unwrap(head.keyId, head.wrapped))
}
