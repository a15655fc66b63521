import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { canonicalJson, type Randomness } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import type { VaultEntryKind, VaultEntryRow } from '../records/index.ts'
import { VaultError } from './errors.ts'

/** What an entry says. Identifying: it exists in the clear only while it is written and when two people open it. */
export const vaultContent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('patient'),
    issuer: z.string(),
    id: z.string(),
    /** The one study of a patient whose number was a placeholder; null for everybody else. */
    onlyStudy: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('study'), studyInstanceUid: z.string(), patient: z.string() }),
])
export type VaultContent = z.infer<typeof vaultContent>

/** Where an entry stands; authenticated with its content. */
export interface EntryPlace {
  readonly number: number
  readonly kind: VaultEntryKind
  readonly pseudonym: string
  readonly enteredAt: number
}

/** The hash before the first entry. */
export const FIRST_HASH: Uint8Array = new Uint8Array(32)

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const INFO = 'leadglass.vault-entry/1'
/** DER of an X25519 key up to its 32 bytes (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')

/** A fresh key of a vault: the private half as 32 bytes to be shared among people, and the public half. */
export function makeVaultKey(): { readonly secret: Uint8Array; readonly publicKey: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return {
    secret: privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES),
    publicKey: rawPublic(publicKey),
  }
}

/** The public half of a private one. */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return rawPublic(createPublicKey(privateKeyOf(secret)))
}

/**
 * Encrypts an entry so that only the vault's private key reads it: X25519 (RFC 7748) with a key made for this entry,
 * HKDF-SHA-256 over the shared secret and the entry's salt, AES-256-GCM. Whoever erases the salt erases the entry.
 * @param salt 32 random bytes.
 */
export function sealEntry(
  publicKey: Uint8Array,
  place: EntryPlace,
  content: VaultContent,
  salt: Uint8Array,
  randomness: Randomness,
): Uint8Array {
  const ephemeral = generateKeyPairSync('x25519')
  const own = rawPublic(ephemeral.publicKey)
  const shared = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: publicKeyObject(publicKey) })
  const nonce = randomness.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', entryKey(shared, salt, own), nonce)
  cipher.setAAD(boundTo(place))
  const ciphertext = Buffer.concat([cipher.update(canonicalJson(content)), cipher.final()])
  return Buffer.concat([own, nonce, cipher.getAuthTag(), ciphertext])
}

/** Decrypts an entry. @throws {VaultError} `vault-damaged` when entry, place, salt or key is not the one it was made with. */
export function openEntry(secret: Uint8Array, entry: VaultEntryRow, salt: Uint8Array): VaultContent {
  try {
    const own = entry.sealed.subarray(0, KEY_BYTES)
    const shared = diffieHellman({ privateKey: privateKeyOf(secret), publicKey: publicKeyObject(own) })
    const nonce = entry.sealed.subarray(KEY_BYTES, KEY_BYTES + NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', entryKey(shared, salt, own), nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(boundTo(entry))
    const tagAt = KEY_BYTES + NONCE_BYTES
    decipher.setAuthTag(entry.sealed.subarray(tagAt, tagAt + TAG_BYTES))
    const text = Buffer.concat([decipher.update(entry.sealed.subarray(tagAt + TAG_BYTES)), decipher.final()])
    return vaultContent.parse(JSON.parse(text.toString('utf8')))
  } catch (cause) {
    throw new VaultError('vault-damaged', cause)
  }
}

/** The hash of an entry: over the one before it, its place and its ciphertext. */
export function hashOfEntry(before: Uint8Array, place: EntryPlace, sealed: Uint8Array): Uint8Array {
  return createHash('sha256').update(before).update(boundTo(place)).update(sealed).digest()
}

function boundTo({ number, kind, pseudonym, enteredAt }: EntryPlace): Buffer {
  return Buffer.from(canonicalJson({ schema: INFO, number, kind, pseudonym, enteredAt }))
}

function entryKey(shared: Uint8Array, salt: Uint8Array, ephemeral: Uint8Array): Uint8Array {
  const info = Buffer.concat([Buffer.from(INFO), ephemeral])
  return new Uint8Array(hkdfSync('sha256', shared, salt, info, KEY_BYTES))
}

function privateKeyOf(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, secret]), format: 'der', type: 'pkcs8' })
}

function publicKeyObject(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, bytes]), format: 'der', type: 'spki' })
}

function rawPublic(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
}
