import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type ScryptOptions,
  scrypt,
} from 'node:crypto'
import { canonicalJson, type JsonValue, type Randomness } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { KeyFileError } from './errors.ts'

/** Fewest characters of a passphrase (21 CFR 11.300 leaves the figure to us). */
const SHORTEST_PASSPHRASE = 12

/** scrypt cost: 128 MiB and about half a second. Recorded with each key, so that it can rise. */
export const SCRYPT_COST = { n: 2 ** 17, r: 8, p: 1 } as const
/** The cheapest and dearest cost that is opened: a file may neither weaken the derivation nor exhaust the host. */
const COST_BOUNDS = { least: 2 ** 14, most: 2 ** 19 } as const

/** scrypt parameters. */
export interface ScryptCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** A private key under a passphrase: PKCS#8 DER, AES-256-GCM, key by scrypt (RFC 7914). Binary members are base64. */
export const sealedKey = z.strictObject({
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z.number().int().min(COST_BOUNDS.least).max(COST_BOUNDS.most),
    r: z.literal(8),
    p: z.literal(1),
    salt: z.base64().length(44),
  }),
  cipher: z.strictObject({
    name: z.literal('aes-256-gcm'),
    iv: z.base64().length(16),
    tag: z.base64().length(24),
  }),
  ciphertext: z.base64().max(1024),
})
export type SealedKey = z.infer<typeof sealedKey>

/** A fresh Ed25519 key pair. `publicKey` is the 32 bytes as 64 hexadecimal digits, as TUF writes it. */
export function generateSigningKey(): { readonly privateKey: KeyObject; readonly publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}

/** The public half, 64 hexadecimal digits. */
export function publicKeyOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  return Buffer.from(x ?? '', 'base64url').toString('hex')
}

/**
 * Encrypts a private key. `header` is bound to it as associated data, so that the identity written beside a key cannot
 * be exchanged.
 * @throws {KeyFileError} `passphrase-too-short`
 */
export async function sealKey(
  privateKey: KeyObject,
  passphrase: string,
  header: JsonValue,
  randomness: Randomness,
  cost: ScryptCost = SCRYPT_COST,
): Promise<SealedKey> {
  if ([...passphrase].length < SHORTEST_PASSPHRASE) throw new KeyFileError('passphrase-too-short')
  const salt = randomness.bytes(32)
  const iv = randomness.bytes(12)
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, cost), iv)
  cipher.setAAD(Buffer.from(canonicalJson(header)))
  const ciphertext = Buffer.concat([cipher.update(privateKey.export({ format: 'der', type: 'pkcs8' })), cipher.final()])
  return {
    kdf: { name: 'scrypt', n: cost.n, r: 8, p: 1, salt: Buffer.from(salt).toString('base64') },
    cipher: {
      name: 'aes-256-gcm',
      iv: Buffer.from(iv).toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
    },
    ciphertext: ciphertext.toString('base64'),
  }
}

/**
 * Decrypts a private key and makes sure that it belongs to the public key beside it.
 * @throws {KeyFileError} `wrong-passphrase` (also for a header or ciphertext that was altered) or `key-file-damaged`
 */
export async function openSealedKey(
  sealed: SealedKey,
  passphrase: string,
  header: JsonValue,
  publicKey: string,
): Promise<KeyObject> {
  const { kdf, cipher } = sealed
  const key = await derive(passphrase, Buffer.from(kdf.salt, 'base64'), kdf)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(cipher.iv, 'base64'), { authTagLength: 16 })
  decipher.setAAD(Buffer.from(canonicalJson(header)))
  decipher.setAuthTag(Buffer.from(cipher.tag, 'base64'))
  let der: Buffer
  try {
    der = Buffer.concat([decipher.update(Buffer.from(sealed.ciphertext, 'base64')), decipher.final()])
  } catch (cause) {
    throw new KeyFileError('wrong-passphrase', cause)
  }
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  if (publicKeyOf(privateKey) !== publicKey) throw new KeyFileError('key-file-damaged')
  return privateKey
}

function derive(passphrase: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const options: ScryptOptions = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r }
  return new Promise((resolve, reject) => {
    // NFKC: the same passphrase typed on another keyboard is the same passphrase.
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
