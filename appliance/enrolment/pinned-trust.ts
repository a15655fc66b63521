import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Anchors, approvalPolicy, type DesiredKey } from '@leadglass/sync-agent/contract'
import { canonicalJson, digestOf, writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { desiredKeyInForce, HUB_KEY_FILE } from '../desired-state/index.ts'
import type { ApplianceFolders } from '../folders.ts'
import { EnrolmentError } from './errors.ts'

type Folders = Pick<ApplianceFolders, 'initialRoot' | 'policy' | 'trust' | 'trustState'>

/** Digests of what this box trusts, hexadecimal; null where nothing is pinned. */
export interface PinnedFingerprints {
  readonly root: string | null
  readonly policy: string | null
  /** The key in force: the pinned one, or what it has become by rotations. */
  readonly desiredKey: string | null
  readonly desiredKeyNumber: number | null
}

/** What is pinned now. */
export async function pinnedFingerprints(folders: Folders): Promise<PinnedFingerprints> {
  const root = await readIfThere(folders.initialRoot)
  const policy = await readIfThere(folders.policy)
  const key = await desiredKeyInForce(folders)
  const policyValue = policy && approvalPolicy.parse(JSON.parse(policy.toString('utf8')))
  return {
    root: root === undefined ? null : digestOf(root),
    policy: policyValue === undefined ? null : digestOf(canonicalJson(policyValue)),
    desiredKey: key === undefined ? null : digestOf(Buffer.from(key.publicKey, 'hex')),
    desiredKeyNumber: key?.number ?? null,
  }
}

/**
 * Pins what is missing; what is there must be the same. All is compared before anything is written, and each file is
 * written whole: killed in between, the same act goes on.
 * @param how `confirmed`: a person compared the fingerprint. A later key for wishes then takes the place of the pinned one,
 * which is the way back for a box that missed more rotations than a document carries. `fill` never replaces anything.
 * @returns true when something new is pinned.
 * @throws {EnrolmentError} `anchors-differ`.
 */
export async function pinAnchors(folders: Folders, anchors: Anchors, how: 'fill' | 'confirmed'): Promise<boolean> {
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
    else if (path === keyFile(folders)) {
      const inForce = await desiredKeyInForce(folders)
      if (inForce !== undefined && isOtherKey(inForce, anchors)) throw new EnrolmentError('anchors-differ')
      const isLater = inForce !== undefined && anchors.desiredKey.number > inForce.number
      if (how === 'confirmed' && isLater) missing.push([path, bytes])
    } else if (Buffer.compare(present, bytes) !== 0) throw new EnrolmentError('anchors-differ')
  }
  for (const [path, bytes] of missing) await writeFileAtomically(path, bytes, 0o400)
  return missing.length > 0
}

/** The same number stands for one key. A lower one is an offer of before a rotation: the key in force stays. */
function isOtherKey(inForce: DesiredKey, { desiredKey: given }: Anchors): boolean {
  return inForce.number === given.number && inForce.publicKey !== given.publicKey
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
