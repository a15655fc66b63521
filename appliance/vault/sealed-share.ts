import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import type { Randomness } from '@leadglass/sync-agent/foundation'
import type { VaultPersonRow } from '../records/index.ts'
import { VaultError } from './errors.ts'
import type { Share } from './shares.ts'

/** scrypt (RFC 7914): N 2^17, r 8, p 1: 128 MiB and about half a second. Kept with each share, so that it can rise. */
export const SHARE_COST = 2 ** 17

const SHORTEST_PASSPHRASE = 12
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts a person's share under the person's passphrase (AES-256-GCM; person and number are authenticated with it).
 * @param cost scrypt's N; less than the product's own is for tests only.
 * @throws {VaultError} `passphrase-too-short`.
 */
export async function sealShare(
  personId: string,
  share: Share,
  passphrase: string,
  randomness: Randomness,
  cost: number = SHARE_COST,
): Promise<VaultPersonRow> {
  if ([...passphrase].length < SHORTEST_PASSPHRASE) throw new VaultError('passphrase-too-short')
  const salt = randomness.bytes(SALT_BYTES)
  const nonce = randomness.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, cost), nonce)
  cipher.setAAD(boundTo(personId, share.number))
  const ciphertext = Buffer.concat([cipher.update(share.bytes), cipher.final()])
  const sealedShare = Buffer.concat([nonce, cipher.getAuthTag(), ciphertext])
  return { personId, shareNumber: share.number, salt, cost, sealedShare }
}

/** Decrypts a share. @throws {VaultError} `wrong-passphrase`, also when the row was altered. */
export async function openShare(row: VaultPersonRow, passphrase: string): Promise<Share> {
  const key = await derive(passphrase, row.salt, row.cost)
  const decipher = createDecipheriv('aes-256-gcm', key, row.sealedShare.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(boundTo(row.personId, row.shareNumber))
  decipher.setAuthTag(row.sealedShare.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    const bytes = Buffer.concat([decipher.update(row.sealedShare.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
    return { number: row.shareNumber, bytes }
  } catch (cause) {
    throw new VaultError('wrong-passphrase', cause)
  }
}

function boundTo(personId: string, number: number): Buffer {
  return Buffer.from(`leadglass.vault-share/1/${personId}/${number}`)
}

function derive(passphrase: string, salt: Uint8Array, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same passphrase typed on another keyboard is the same passphrase.
    const text = passphrase.normalize('NFKC')
    scrypt(text, salt, 32, { N: cost, r: 8, p: 1, maxmem: 256 * cost * 8 }, (cause, key) => {
      if (cause === null) resolve(key)
      else reject(cause)
    })
  })
}
