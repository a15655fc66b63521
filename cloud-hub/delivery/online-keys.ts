import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { signWith, tufKey } from '../governance/approver-key.ts'
import { KeyFileError } from '../governance/errors.ts'
import { generateSigningKey, publicKeyOf } from '../governance/sealed-key.ts'
import type { MetadataSigner } from './tuf-format.ts'

const onlineKeyFile = z.strictObject({
  schema: z.literal('leadglass.online-keys/1'),
  /** PKCS#8 DER, base64. */
  snapshot: z.base64().max(256),
  timestamp: z.base64().max(256),
})

/** An online key: it can refresh and hold back, but it can list nothing. */
export interface OnlineKey extends MetadataSigner {
  readonly publicKey: string
}

/** The two keys that the hub holds itself. */
export interface OnlineKeys {
  readonly snapshot: OnlineKey
  readonly timestamp: OnlineKey
}

/** Makes both keys and writes them to a file that only the hub's user can read. */
export async function createOnlineKeys(path: string): Promise<OnlineKeys> {
  const encode = (): string =>
    generateSigningKey().privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  const file = { schema: 'leadglass.online-keys/1', snapshot: encode(), timestamp: encode() } as const
  await writeFileAtomically(path, JSON.stringify(file), 0o600)
  return readOnlineKeys(path)
}

/** Reads the file of {@link createOnlineKeys}. @throws {KeyFileError} `key-file-damaged` */
export async function readOnlineKeys(path: string): Promise<OnlineKeys> {
  try {
    const file = onlineKeyFile.parse(JSON.parse(await readFile(path, 'utf8')))
    return { snapshot: onlineKey(file.snapshot), timestamp: onlineKey(file.timestamp) }
  } catch (cause) {
    throw new KeyFileError('key-file-damaged', cause)
  }
}

function onlineKey(encoded: string): OnlineKey {
  const privateKey = createPrivateKey({ key: Buffer.from(encoded, 'base64'), format: 'der', type: 'pkcs8' })
  const publicKey = publicKeyOf(privateKey)
  return { keyid: keyIdOf(tufKey(publicKey)), publicKey, sign: signWith(privateKey) }
}
