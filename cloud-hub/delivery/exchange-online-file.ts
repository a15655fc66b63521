import { rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, syncFolder } from '@leadglass/sync-agent/foundation'
import type { OpenCustodianKey } from './custodian-key.ts'
import { createOnlineKeys, type OnlineKeys, readOnlineKeys } from './online-keys.ts'
import type { RepositoryFiles } from './repository-files.ts'
import { RepositoryWriter } from './repository-writer.ts'
import { exchangeOnlineKeys } from './rotation.ts'

/**
 * Makes new online keys, has custodians name them in a new root, and puts them in the place of the old ones. The new keys
 * are on disk before the root names them, and the old ones stay until it does: after a stop at any point the same call
 * goes on.
 * @param path file of the present online keys; no hub may be running on it.
 * @param create makes the new keys and writes their file: keys of the hub itself, or keys in a token.
 * @throws {DeliveryError}, {KeyFileError}, {TokenError}
 */
export async function replaceOnlineKeys(
  path: string,
  files: RepositoryFiles,
  signers: readonly OpenCustodianKey[],
  clock: Clock,
  create: (path: string) => Promise<OnlineKeys> = createOnlineKeys,
): Promise<void> {
  const nextPath = `${path}.next`
  const isBegun = (await stat(nextPath).catch(() => undefined)) !== undefined
  const next = isBegun ? await readOnlineKeys(nextPath) : await create(nextPath)
  const both = new RepositoryWriter({ files, keys: await readOnlineKeys(path), nextKeys: next, clock })
  await exchangeOnlineKeys(next, { writer: both, signers, clock })
  await rename(nextPath, path)
  await syncFolder(dirname(path))
  await new RepositoryWriter({ files, keys: next, clock }).resignOnline()
}
