import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Anchors, approvalPolicy, desiredKey } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { HUB_KEY_FILE } from '../desired-state/index.ts'
import type { ApplianceFolders } from '../folders.ts'
import { EnrolmentError } from './errors.ts'

type Folders = Pick<ApplianceFolders, 'initialRoot' | 'policy' | 'trust'>

/** Digests of what this box trusts, hexadecimal; null where nothing is pinned. */
export interface PinnedFingerprints {
  readonly root: string | null
  readonly policy: string | null
  readonly desiredKey: string | null
}

/** What is pinned now. */
export async function pinnedFingerprints(folders: Folders): Promise<PinnedFingerprints> {
  const root = await readIfThere(folders.initialRoot)
  const policy = await readIfThere(folders.policy)
  const key = await readIfThere(keyFile(folders))
  const policyValue = policy && approvalPolicy.parse(JSON.parse(policy.toString('utf8')))
  return {
    root: root === undefined ? null : digestOf(root),
    policy: policyValue === undefined ? null : digestOf(canonicalJson(policyValue)),
    desiredKey:
      key === undefined
        ? null
        : digestOf(Buffer.from(desiredKey.parse(JSON.parse(key.toString('utf8'))).publicKey, 'hex')),
  }
}

/**
 * Pins what is missing; what is there must be the same. All is compared before anything is written, and each file is
 * written whole: killed in between, the same act goes on.
 * @returns true when something new is pinned.
 * @throws {EnrolmentError} `anchors-differ`.
 */
export async function pinAnchors(folders: Folders, anchors: Anchors): Promise<boolean> {
  const { updates } = anchors
  const wanted: [string, Buffer][] = [
    [keyFile(folders), Buffer.from(JSON.stringify(anchors.desiredKey))],
    ...(updates === null
      ? []
      : ([
          [folders.policy, Buffer.from(`${JSON.stringify(approvalPolicy.parse(updates.policy), null, 2)}\n`)],
          [folders.initialRoot, Buffer.from(updates.initialRoot, 'base64')],
        ] satisfies [string, Buffer][])),
  ]
  const missing: [string, Buffer][] = []
  for (const [path, bytes] of wanted) {
    const present = await readIfThere(path)
    if (present === undefined) missing.push([path, bytes])
    // A key that was rotated since is not another key: the pinned one stays, and later ones follow from it.
    else if (path !== keyFile(folders) && Buffer.compare(present, bytes) !== 0)
      throw new EnrolmentError('anchors-differ')
    else if (path === keyFile(folders) && isOtherKey(present, anchors)) throw new EnrolmentError('anchors-differ')
  }
  for (const [path, bytes] of missing) await writeFileAtomically(path, bytes, 0o400)
  return missing.length > 0
}

function isOtherKey(present: Buffer, { desiredKey: given }: Anchors): boolean {
  const pinned = desiredKey.parse(JSON.parse(present.toString('utf8')))
  return pinned.number === given.number ? pinned.publicKey !== given.publicKey : pinned.number > given.number
}

function keyFile({ trust }: Pick<Folders, 'trust'>): string {
  return join(trust, HUB_KEY_FILE)
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}
