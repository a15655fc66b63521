import { type KeyObject, sign } from 'node:crypto'
import { type ApproverRole, approverRole, KEY_PERSON, KEY_ROLE, personIdentifier } from '@leadglass/sync-agent/contract'
import { type Randomness, systemRandomness } from '@leadglass/sync-agent/foundation'
import { type KeyContent, keyIdOf } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { KeyFileError } from './errors.ts'
import { generateSigningKey, openSealedKey, type ScryptCost, sealedKey, sealKey } from './sealed-key.ts'

const header = z.strictObject({
  schema: z.literal('leadglass.approver-key/1'),
  person: personIdentifier,
  role: approverRole,
  /** The name that stands in every printed form of a signature (21 CFR 11.50(a)(1)). */
  printedName: z.string().trim().min(1).max(120),
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The file of one approver's key. Only the owner knows its passphrase (21 CFR 11.200(a)(2)). */
export const approverKeyFile = header.extend({ privateKey: sealedKey })
export type ApproverKeyFile = z.infer<typeof approverKeyFile>

/** An approver's key, open for one act of signing. */
export interface OpenApproverKey {
  readonly person: string
  readonly role: ApproverRole
  readonly printedName: string
  readonly keyid: string
  readonly publicKey: string
  /** Ed25519 signature, 64 bytes. */
  sign(data: Uint8Array): Uint8Array
}

/** Who a new key is for. `cost` is for tests. */
export interface NewApprover {
  readonly person: string
  readonly role: ApproverRole
  readonly printedName: string
  readonly passphrase: string
  readonly randomness?: Randomness
  readonly cost?: ScryptCost
}

/** Makes a key for an approver. @throws {KeyFileError} `passphrase-too-short` */
export async function createApproverKey(approver: NewApprover): Promise<ApproverKeyFile> {
  const { privateKey, publicKey } = generateSigningKey()
  const head = header.parse({
    schema: 'leadglass.approver-key/1',
    person: approver.person,
    role: approver.role,
    printedName: approver.printedName,
    keyid: keyIdOf(tufKey(publicKey)),
    publicKey,
  })
  const randomness = approver.randomness ?? systemRandomness
  return { ...head, privateKey: await sealKey(privateKey, approver.passphrase, head, randomness, approver.cost) }
}

/**
 * Opens a key file's content. Derivation takes about half a second, which also slows guessing.
 * @throws {KeyFileError} `wrong-passphrase` or `key-file-damaged`
 */
export async function openApproverKey(file: unknown, passphrase: string): Promise<OpenApproverKey> {
  const { privateKey: sealed, ...head } = readApproverKeyFile(file)
  const privateKey = await openSealedKey(sealed, passphrase, head, head.publicKey)
  const { person, role, printedName, keyid, publicKey } = head
  return { person, role, printedName, keyid, publicKey, sign: signWith(privateKey) }
}

/** Reads a key file's content. @throws {KeyFileError} `key-file-damaged` */
export function readApproverKeyFile(file: unknown): ApproverKeyFile {
  const parsed = approverKeyFile.safeParse(file)
  if (!parsed.success || keyIdOf(tufKey(parsed.data.publicKey)) !== parsed.data.keyid) {
    throw new KeyFileError('key-file-damaged')
  }
  return parsed.data
}

/** What the repository needs to know of an approver. */
export interface PublicApprover {
  readonly person: string
  readonly role: ApproverRole
  readonly publicKey: string
}

/** The TUF key object of an approver, with person and role as the offline targets role will vouch for them. */
export function approverTufKey(approver: PublicApprover): KeyContent & Record<string, unknown> {
  return { ...tufKey(approver.publicKey), [KEY_PERSON]: approver.person, [KEY_ROLE]: approver.role }
}

/** The TUF key object of an Ed25519 key. */
export function tufKey(publicKey: string): KeyContent {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicKey } }
}

/** A signer over a private key. */
export function signWith(privateKey: KeyObject): (data: Uint8Array) => Uint8Array {
  return (data) => sign(undefined, data, privateKey)
}
