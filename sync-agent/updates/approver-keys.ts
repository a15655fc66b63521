import { createHash } from 'node:crypto'
import { canonicalize } from '@tufjs/canonical-json'
import type { Key } from '@tufjs/models'
import { type ApproverRole, approverRole, KEY_PERSON, KEY_ROLE, personIdentifier } from '../contract/index.ts'
import { digestOf, type Sha256Hex } from '../foundation/index.ts'

/** The key object of TUF metadata as far as its identity goes (TUF 4.2). */
export interface KeyContent {
  readonly keytype: string
  readonly scheme: string
  readonly keyval: Readonly<Record<string, string>>
}

/**
 * The key's identifier: SHA-256 over the canonical form of keytype, scheme and keyval. TUF 4.2 asks clients to compute
 * it; the members that say whose key it is do not enter, so renaming a person does not make a second key.
 * @returns 64 hexadecimal digits.
 */
export function keyIdOf(key: KeyContent): string {
  const { keytype, scheme, keyval } = key
  return createHash('sha256').update(canonicalize({ keytype, scheme, keyval })).digest('hex')
}

/** {@link keyIdOf} for a key of @tufjs/models. */
export function keyIdOfKey(key: Key): string {
  return keyIdOf({ keytype: key.keyType, scheme: key.scheme, keyval: key.keyVal })
}

/** An approver's key with the person and role that the offline targets role vouches for. */
export interface ApproverKey {
  readonly keyid: string
  readonly person: string
  readonly role: ApproverRole
  /** SHA-256 of the 32 public key bytes: what counts as one key, whatever it is called. */
  readonly keyDigest: Sha256Hex
}

/** The public key bytes of an Ed25519 key in its one accepted spelling, or undefined. */
export function ed25519Bytes(key: Key): Uint8Array | undefined {
  // One spelling only: tuf-js also takes PEM and upper-case hexadecimal, and each would make an alias of the same key.
  const spelling = key.keyVal.public
  if (key.keyType !== 'ed25519' || key.scheme !== 'ed25519') return undefined
  if (spelling === undefined || !/^[0-9a-f]{64}$/.test(spelling) || Object.keys(key.keyVal).length !== 1)
    return undefined
  return Buffer.from(spelling, 'hex')
}

/** The role that the key object of a safety officer names. Such a key stops models and approves none. */
export const SAFETY_OFFICER_ROLE = 'safety-officer'

/** Reads a safety officer's key: its person, or undefined for any other key. */
export function readOfficerKey(key: Key): string | undefined {
  const person = personIdentifier.safeParse(key.unrecognizedFields?.[KEY_PERSON])
  const isOfficer = key.unrecognizedFields?.[KEY_ROLE] === SAFETY_OFFICER_ROLE
  return isOfficer && person.success && ed25519Bytes(key) !== undefined ? person.data : undefined
}

/** Reads an approver's key, or undefined when kind, person or role are not readable. */
export function readApproverKey(keyid: string, key: Key): ApproverKey | undefined {
  const bytes = ed25519Bytes(key)
  const person = personIdentifier.safeParse(key.unrecognizedFields?.[KEY_PERSON])
  const role = approverRole.safeParse(key.unrecognizedFields?.[KEY_ROLE])
  if (bytes === undefined || !person.success || !role.success) return undefined
  return { keyid, person: person.data, role: role.data, keyDigest: digestOf(bytes) }
}
