import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import { z } from 'zod'
import { signWith, tufKey } from '../governance/approver-key.ts'
import { KeyFileError, TokenError } from '../governance/errors.ts'
import {
  createTokenKey,
  knownTokenKey,
  openTokenKey,
  readPinFile,
  type TokenKey,
  tokenKey,
} from '../governance/pkcs11.ts'
import { generateSigningKey, publicKeyOf } from '../governance/sealed-key.ts'
import type { OnlineSigner } from './tuf-format.ts'

const onlineKeyFile = z.strictObject({
  schema: z.literal('leadglass.online-keys/1'),
  /** PKCS#8 DER, base64. */
  snapshot: z.base64().max(256),
  timestamp: z.base64().max(256),
})

const tokenPart = z.strictObject({ id: tokenKey.shape.id, publicKey: z.string().regex(/^[0-9a-f]{64}$/) })

/** In place of {@link onlineKeyFile}: where in a token both keys lie. Holds no secret. */
const onlineTokenFile = z.strictObject({
  schema: z.literal('leadglass.online-token/1'),
  module: tokenKey.shape.module,
  token: tokenKey.shape.token,
  /** File whose first line is the PIN; nobody but the hub's user may read it. */
  pinFile: z.string().max(512).refine(isAbsolute),
  snapshot: tokenPart,
  timestamp: tokenPart,
})

/** An online key: it can refresh and hold back, but it can list nothing. */
export interface OnlineKey extends OnlineSigner {
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

/** Where in a token the online keys shall lie. */
export interface OnlineTokenPlace {
  readonly module: string
  readonly token: string
  /** CKA_ID of each, hexadecimal. */
  readonly snapshot: string
  readonly timestamp: string
  /** Absolute. */
  readonly pinFile: string
}

/**
 * Takes both keys from a token, makes there those that are not yet, and writes where they lie.
 * @throws {TokenError}; {KeyFileError} `key-file-damaged` when both would be one key
 */
export async function createOnlineTokenKeys(path: string, place: OnlineTokenPlace): Promise<OnlineKeys> {
  const { module, token, pinFile } = place
  const pin = await readPinFile(pinFile)
  const part = async (id: string, label: string): Promise<z.infer<typeof tokenPart>> => {
    const key: TokenKey = { module, token, id }
    const { publicKey } = await openTokenKey(key, pin).catch((error: unknown) => {
      if (error instanceof TokenError && error.code === 'key-not-found') return createTokenKey(key, pin, label)
      throw error
    })
    return { id, publicKey }
  }
  const snapshot = await part(place.snapshot, 'leadglass snapshot')
  const timestamp = await part(place.timestamp, 'leadglass timestamp')
  // A thief of the timestamp key alone must not be able to sign snapshots (TUF 6: one key, one role).
  if (snapshot.publicKey === timestamp.publicKey) throw new KeyFileError('key-file-damaged')
  const file = { schema: 'leadglass.online-token/1', module, token, pinFile, snapshot, timestamp } as const
  await writeFileAtomically(path, JSON.stringify(onlineTokenFile.parse(file)), 0o600)
  return readOnlineKeys(path)
}

/**
 * Reads the file of {@link createOnlineKeys} or {@link createOnlineTokenKeys}. A token is not asked yet: a hub starts
 * without it, and what it publishes waits.
 * @throws {KeyFileError} `key-file-damaged`
 */
export async function readOnlineKeys(path: string): Promise<OnlineKeys> {
  try {
    const file = z
      .discriminatedUnion('schema', [onlineKeyFile, onlineTokenFile])
      .parse(JSON.parse(await readFile(path, 'utf8')))
    if (file.schema === 'leadglass.online-keys/1') {
      return { snapshot: onlineKey(file.snapshot), timestamp: onlineKey(file.timestamp) }
    }
    const { module, token, pinFile } = file
    const inToken = ({ id, publicKey }: z.infer<typeof tokenPart>): OnlineKey =>
      knownTokenKey({ module, token, id }, publicKey, () => readPinFile(pinFile))
    return { snapshot: inToken(file.snapshot), timestamp: inToken(file.timestamp) }
  } catch (cause) {
    throw new KeyFileError('key-file-damaged', cause)
  }
}

function onlineKey(encoded: string): OnlineKey {
  const privateKey = createPrivateKey({ key: Buffer.from(encoded, 'base64'), format: 'der', type: 'pkcs8' })
  const publicKey = publicKeyOf(privateKey)
  return { keyid: keyIdOf(tufKey(publicKey)), publicKey, sign: signWith(privateKey) }
}
