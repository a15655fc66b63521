import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { AuditLogError } from './errors.ts'
import { isKeyName, type NoteSigner, type NoteVerifier } from './note.ts'

/** Signature types of C2SP signed-note that this product makes and reads. */
export const SIGNATURE_TYPE = { ed25519: 0x01, cosignature: 0x04 } as const
export type SignatureType = (typeof SIGNATURE_TYPE)[keyof typeof SIGNATURE_TYPE]

const PUBLIC_KEY_BYTES = 32
const ED25519_SIGNATURE_BYTES = 64

/** A named public key and what its signatures mean. `publicKey` is the 32 bytes of RFC 8032. */
export interface VerifierKey {
  readonly name: string
  readonly type: SignatureType
  readonly publicKey: Uint8Array
}

/** Key ID as 8 hexadecimal digits: SHA-256(name || 0x0A || type || public key)[:4]. */
export function keyIdOf(key: VerifierKey): string {
  return createHash('sha256')
    .update(key.name)
    .update(Uint8Array.of(0x0a, key.type))
    .update(key.publicKey)
    .digest('hex')
    .slice(0, 8)
}

/** `name+keyid+base64(type || public key)`, the form in which keys are handed over and pinned. */
export function encodeVerifierKey(key: VerifierKey): string {
  assertKeyName(key.name)
  return `${key.name}+${keyIdOf(key)}+${encodeBase64(Buffer.concat([Uint8Array.of(key.type), key.publicKey]))}`
}

/** Reads a verifier key; `undefined` when it is malformed, of an unknown type, or its key ID is not its own. */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  const [name, keyId, encoded, ...rest] = splitVerifierKey(text)
  if (name === undefined || keyId === undefined || encoded === undefined || rest.length > 0) return undefined
  const blob = decodeBase64(encoded)
  const type = signatureType(blob?.[0])
  if (!isKeyName(name) || blob?.length !== 1 + PUBLIC_KEY_BYTES || type === undefined) return undefined
  const key: VerifierKey = { name, type, publicKey: blob.subarray(1) }
  return keyIdOf(key) === keyId ? key : undefined
}

/** 32 bytes of RFC 8032 for a private or public Ed25519 key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const { x } = publicKey.export({ format: 'jwk' })
  if (publicKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('the key is not an Ed25519 key')
  return Buffer.from(x, 'base64url')
}

/** Signs note texts with Ed25519 (type 0x01). The private key must be Ed25519. */
export function createNoteSigner(name: string, privateKey: KeyObject): NoteSigner {
  assertKeyName(name)
  const keyId = keyIdOf({ name, type: SIGNATURE_TYPE.ed25519, publicKey: rawPublicKey(privateKey) })
  return { name, keyId, sign: (text) => sign(null, Buffer.from(text), privateKey) }
}

/** The verifier key that belongs to a signing key. */
export function verifierKeyOf(name: string, key: KeyObject, type: SignatureType = SIGNATURE_TYPE.ed25519): VerifierKey {
  assertKeyName(name)
  return { name, type, publicKey: rawPublicKey(key) }
}

/** Checks Ed25519 note signatures (type 0x01). For cosigners see `createCosignatureVerifier`. */
export function createNoteVerifier(key: VerifierKey): NoteVerifier {
  const publicKey = importPublicKey(key.publicKey)
  return {
    name: key.name,
    keyId: keyIdOf(key),
    verify: (text, signature) =>
      signature.length === ED25519_SIGNATURE_BYTES && verify(null, Buffer.from(text), publicKey, signature),
  }
}

/** A key object for 32 public bytes. */
export function importPublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(raw).toString('base64url') },
    format: 'jwk',
  })
}

function splitVerifierKey(text: string): string[] {
  // Only the first two plus signs separate: base64 has plus signs of its own.
  const first = text.indexOf('+')
  const second = text.indexOf('+', first + 1)
  return first < 0 || second < 0 ? [] : [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)]
}

function signatureType(value: number | undefined): SignatureType | undefined {
  return Object.values(SIGNATURE_TYPE).find((type) => type === value)
}

function assertKeyName(name: string): void {
  if (isKeyName(name)) return
  throw new AuditLogError('key-name-invalid', {
    message: 'a key name must be without spaces, control characters and plus signs',
    effect: 'nothing was signed',
    nextStep: 'give the key the origin of its log as its name',
  })
}
