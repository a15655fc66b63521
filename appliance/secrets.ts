import type { KeyObject } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import {
  createSigningKeyFile,
  encodeVerifierKey,
  readSigningKeyFile,
  verifierKeyOf,
} from '@leadglass/sync-agent/audit-log'
import { type Randomness, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import type { ApplianceFolders } from './folders.ts'

const KEY_BYTES = 32

/** What the appliance keeps secret. */
export interface ApplianceSecrets {
  /** Behind every pseudonym; lost, no pseudonym can be made again. */
  readonly siteSecret: Uint8Array
  readonly databaseKey: Uint8Array
  readonly spoolKey: Uint8Array
  readonly auditKey: KeyObject
  readonly operatorToken: string
}

/** The name of a device's audit log. */
export function auditOrigin(device: string): string {
  return `leadglass/${device}/audit`
}

/** Reads the secrets, making those that do not exist yet. Nothing that exists is ever replaced. */
export async function ensureSecrets(
  folders: ApplianceFolders,
  device: string,
  randomness: Randomness,
): Promise<ApplianceSecrets & { readonly auditVerifierKey: string }> {
  await refuseLostKeys(folders)
  const siteSecret = await ensureKey(folders.siteSecret, randomness)
  const databaseKey = await ensureKey(folders.databaseKey, randomness)
  const spoolKey = await ensureKey(folders.spoolKey, randomness)
  const auditKey = await readSigningKeyFile(folders.auditKey).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause
    return createSigningKeyFile(folders.auditKey)
  })
  const operatorToken = await ensureText(folders.operatorToken, () =>
    Buffer.from(randomness.bytes(KEY_BYTES)).toString('base64url'),
  )
  const auditVerifierKey = encodeVerifierKey(verifierKeyOf(auditOrigin(device), auditKey))
  await writeFileAtomically(folders.auditVerifierKey, `${auditVerifierKey}\n`, 0o644)
  return { siteSecret, databaseKey, spoolKey, auditKey, operatorToken, auditVerifierKey }
}

/** A database without its key is a key that was lost or a volume that is not mounted: a new one would help nobody. */
async function refuseLostKeys({ records, databaseKey, siteSecret, spoolKey }: ApplianceFolders): Promise<void> {
  const isThere = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    )
  if (!(await isThere(records))) return
  for (const key of [databaseKey, siteSecret, spoolKey]) {
    if (!(await isThere(key))) throw new Error(`the database is there and its keys are not: ${key} is missing`)
  }
}

async function ensureKey(path: string, randomness: Randomness): Promise<Uint8Array> {
  const text = await ensureText(path, () => Buffer.from(randomness.bytes(KEY_BYTES)).toString('hex'))
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${path} does not hold 32 bytes in hexadecimal`)
  return Buffer.from(text, 'hex')
}

async function ensureText(path: string, make: () => string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    const made = make()
    await writeFileAtomically(path, `${made}\n`, 0o600)
    return made
  }
}
