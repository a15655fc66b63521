import { KEY_PERSON, KEY_ROLE, personIdentifier } from '@leadglass/sync-agent/contract'
import { type Randomness, systemRandomness } from '@leadglass/sync-agent/foundation'
import { type KeyContent, keyIdOf, SAFETY_OFFICER_ROLE } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { signWith, tufKey } from '../governance/approver-key.ts'
import { KeyFileError } from '../governance/errors.ts'
import { generateSigningKey, openSealedKey, type ScryptCost, sealedKey, sealKey } from '../governance/sealed-key.ts'
import type { MetadataSigner } from './tuf-format.ts'

const header = z.strictObject({
  schema: z.literal('leadglass.safety-officer-key/1'),
  person: personIdentifier,
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The file of a safety officer's key: it recalls models and can do nothing else. */
export const officerKeyFile = header.extend({ privateKey: sealedKey })
export type OfficerKeyFile = z.infer<typeof officerKeyFile>

/** What the repository needs to know of a safety officer. */
export interface PublicOfficer {
  readonly person: string
  readonly publicKey: string
}

/** A safety officer's key, open for one act. */
export interface OpenOfficerKey extends MetadataSigner, PublicOfficer {}

/** Makes a safety officer's key. @throws {KeyFileError} `passphrase-too-short` */
export async function createOfficerKey(options: {
  readonly person: string
  readonly passphrase: string
  readonly randomness?: Randomness
  readonly cost?: ScryptCost
}): Promise<OfficerKeyFile> {
  const { privateKey, publicKey } = generateSigningKey()
  const { person, passphrase } = options
  const keyid = keyIdOf(tufKey(publicKey))
  const head = header.parse({ schema: 'leadglass.safety-officer-key/1', person, keyid, publicKey })
  const randomness = options.randomness ?? systemRandomness
  return { ...head, privateKey: await sealKey(privateKey, passphrase, head, randomness, options.cost) }
}

/** Opens a key file's content. @throws {KeyFileError} `wrong-passphrase` or `key-file-damaged` */
export async function openOfficerKey(file: unknown, passphrase: string): Promise<OpenOfficerKey> {
  const parsed = officerKeyFile.safeParse(file)
  if (!parsed.success || keyIdOf(tufKey(parsed.data.publicKey)) !== parsed.data.keyid) {
    throw new KeyFileError('key-file-damaged')
  }
  const { privateKey: sealed, ...head } = parsed.data
  const privateKey = await openSealedKey(sealed, passphrase, head, head.publicKey)
  return { person: head.person, keyid: head.keyid, publicKey: head.publicKey, sign: signWith(privateKey) }
}

/** The TUF key object of a safety officer, with the person as the offline targets role will vouch for them. */
export function officerTufKey(officer: PublicOfficer): KeyContent & Record<string, unknown> {
  return { ...tufKey(officer.publicKey), [KEY_PERSON]: officer.person, [KEY_ROLE]: SAFETY_OFFICER_ROLE }
}
