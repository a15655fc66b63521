import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '../foundation/index.ts'
import { AuditLogError } from './errors.ts'

/** A new Ed25519 private key from the operating system's generator. */
export function generateSigningKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey
}

/**
 * PKCS#8 PEM of a private key; encrypted with AES-256 when a passphrase is given. The derivation is PBKDF2 with few rounds,
 * so the passphrase must be long and random: it is meant to come from a machine's key store, not from a person.
 */
export function encodeSigningKey(key: KeyObject, passphrase?: string): string {
  return key
    .export(
      passphrase === undefined
        ? { type: 'pkcs8', format: 'pem' }
        : { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase },
    )
    .toString()
}

/** Reads a PKCS#8 PEM key. @throws {AuditLogError} when it is damaged, not Ed25519, or the passphrase is wrong. */
export function decodeSigningKey(pem: string, passphrase?: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) })
  } catch {
    // The reason from the library can quote the input, so it is not passed on.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key
  throw new AuditLogError('signing-key-unreadable', {
    message: 'the signing key is damaged, not an Ed25519 key, or its passphrase is another one',
    effect: 'no checkpoint can be signed; events are still recorded',
    nextStep: 'restore the key file from the backup of the secrets folder',
  })
}

/** Writes a new key file readable by its owner only and returns the key. */
export async function createSigningKeyFile(path: string, passphrase?: string): Promise<KeyObject> {
  const key = generateSigningKey()
  await writeFileAtomically(path, encodeSigningKey(key, passphrase), 0o600)
  return key
}

/** Reads a key file. @throws {AuditLogError} as `decodeSigningKey`, and the file system's error when there is no file. */
export async function readSigningKeyFile(path: string, passphrase?: string): Promise<KeyObject> {
  return decodeSigningKey(await readFile(path, 'utf8'), passphrase)
}
