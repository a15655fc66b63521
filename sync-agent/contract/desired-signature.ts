import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import type { DeviceId } from './identifiers.ts'

/** Raw Ed25519 public key (RFC 8032), hexadecimal. */
const publicKey = z.string().regex(/^[0-9a-f]{64}$/)
/** Ed25519 signature: 64 bytes in base64. */
const signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/)
const keyNumber = z.number().int().min(1).max(1_000_000)

/** Links that travel with a document; a device that missed more has to be invited again. A twin holds these at most. */
export const MOST_KEY_LINKS = 4

/** The key with which a hub signs desired documents. The number counts up with each rotation. */
export const desiredKey = z.strictObject({ number: keyNumber, publicKey })
export type DesiredKey = z.infer<typeof desiredKey>

/** A rotation: the next key, signed by the key with the number below. */
export const desiredKeyLink = z.strictObject({ ...desiredKey.shape, signature })
export type DesiredKeyLink = z.infer<typeof desiredKeyLink>

/** What proves that a document comes from the hub: which key signed it, and how that key follows from earlier ones. */
export const desiredSignature = z.strictObject({
  key: keyNumber,
  signature,
  chain: z.array(desiredKeyLink).max(MOST_KEY_LINKS),
})
export type DesiredSignature = z.infer<typeof desiredSignature>

/** Why a document is not the hub's. */
export type DesiredRefusal = 'desired-unsigned' | 'desired-key-unknown' | 'desired-signature'

/** What a device came to: the key that is pinned from now on, or why nothing of the document counts. */
export type DesiredVerdict =
  | { readonly kind: 'trusted'; readonly pinned: DesiredKey }
  | { readonly kind: 'refused'; readonly code: DesiredRefusal }

interface SignedDocument {
  readonly version: number
  readonly digest: string
  readonly signed?: DesiredSignature | undefined
}

/** The bytes that are signed: a document is for one device, under one number. */
export function desiredStatement(device: DeviceId, version: number, digest: string): Uint8Array {
  return Buffer.from(`leadglass/desired-document/1\n${device}\n${version}\n${digest}\n`)
}

/** Signs the next key with the one before. */
export function linkDesiredKey(next: DesiredKey, before: KeyObject): DesiredKeyLink {
  return { ...next, signature: sign(null, keyStatement(next), before).toString('base64') }
}

/**
 * Verifies a document under the key that was pinned when the device joined: first the chain of rotations from the pinned
 * key on, then the document's own signature. Nothing is pinned of a chain whose document does not verify.
 */
export function verifyDesired(device: DeviceId, document: SignedDocument, pinned: DesiredKey): DesiredVerdict {
  const { signed } = document
  if (signed === undefined) return { kind: 'refused', code: 'desired-unsigned' }
  let key = pinned
  for (const { signature: proof, ...next } of signed.chain) {
    if (next.number <= key.number) continue
    const follows = next.number === key.number + 1 && isSigned(keyStatement(next), proof, key)
    if (!follows) return { kind: 'refused', code: 'desired-key-unknown' }
    key = next
  }
  if (signed.key !== key.number) return { kind: 'refused', code: 'desired-key-unknown' }
  const statement = desiredStatement(device, document.version, document.digest)
  if (!isSigned(statement, signed.signature, key)) return { kind: 'refused', code: 'desired-signature' }
  return { kind: 'trusted', pinned: key }
}

/** A raw Ed25519 public key as Node's object. */
export function desiredPublicKey({ publicKey: hex }: Pick<DesiredKey, 'publicKey'>): KeyObject {
  const x = Buffer.from(hex, 'hex').toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

/** The raw public half of an Ed25519 key, hexadecimal. */
export function desiredKeyText(key: KeyObject): string {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return Buffer.from(x, 'base64url').toString('hex')
}

function keyStatement({ number, publicKey: hex }: DesiredKey): Uint8Array {
  return Buffer.from(`leadglass/desired-key/1\n${number}\n${hex}\n`)
}

function isSigned(statement: Uint8Array, proof: string, key: DesiredKey): boolean {
  return verify(null, statement, desiredPublicKey(key), Buffer.from(proof, 'base64'))
}
