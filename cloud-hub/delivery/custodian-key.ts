import { type Randomness, systemRandomness } from '@leadglass/sync-agent/foundation'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { signWith, tufKey } from '../governance/approver-key.ts'
import { KeyFileError } from '../governance/errors.ts'
import { generateSigningKey, openSealedKey, type ScryptCost, sealedKey, sealKey } from '../governance/sealed-key.ts'
import type { MetadataSigner } from './tuf-format.ts'

const header = z.strictObject({
  schema: z.literal('leadglass.custodian-key/1'),
  role: z.enum(['root', 'targets']),
  number: z.number().int().min(1).max(9),
  keyid: z.string().regex(/^[0-9a-f]{64}$/),
  publicKey: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The file of one offline key of the repository, to be carried away and kept apart from the others. */
export const custodianKeyFile = header.extend({ privateKey: sealedKey })
export type CustodianKeyFile = z.infer<typeof custodianKeyFile>

/** A custodian's key, open for one ceremony. */
export interface OpenCustodianKey extends MetadataSigner {
  readonly role: 'root' | 'targets'
  readonly publicKey: string
}

/** Makes one offline key. @throws {KeyFileError} `passphrase-too-short` */
export async function createCustodianKey(options: {
  readonly role: 'root' | 'targets'
  readonly number: number
  readonly passphrase: string
  readonly randomness?: Randomness
  readonly cost?: ScryptCost
}): Promise<CustodianKeyFile> {
  const { privateKey, publicKey } = generateSigningKey()
  const { role, number, passphrase } = options
  const keyid = keyIdOf(tufKey(publicKey))
  const head = header.parse({ schema: 'leadglass.custodian-key/1', role, number, keyid, publicKey })
  const randomness = options.randomness ?? systemRandomness
  return { ...head, privateKey: await sealKey(privateKey, passphrase, head, randomness, options.cost) }
}

/** Opens a custodian's key file. @throws {KeyFileError} */
export async function openCustodianKey(file: unknown, passphrase: string): Promise<OpenCustodianKey> {
  const { privateKey: sealed, ...head } = readCustodianKeyFile(file)
  const privateKey = await openSealedKey(sealed, passphrase, head, head.publicKey)
  return { role: head.role, keyid: head.keyid, publicKey: head.publicKey, sign: signWith(privateKey) }
}

/** Reads a key file's content. @throws {KeyFileError} `key-file-damaged` */
export function readCustodianKeyFile(file: unknown): CustodianKeyFile {
  const parsed = custodianKeyFile.safeParse(file)
  if (!parsed.success || keyIdOf(tufKey(parsed.data.publicKey)) !== parsed.data.keyid) {
    throw new KeyFileError('key-file-damaged')
  }
  return parsed.data
}
