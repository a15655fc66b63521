import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { APPROVED_MODELS_ROLE, RELEASE_PATH_PATTERN } from '@leadglass/sync-agent/contract'
import {
  type Clock,
  digestOf,
  type Randomness,
  type Sha256Hex,
  writeFileAtomically,
} from '@leadglass/sync-agent/foundation'
import { keyIdOf } from '@leadglass/sync-agent/updates'
import { approverTufKey, type PublicApprover, tufKey } from '../governance/approver-key.ts'
import type { ScryptCost } from '../governance/sealed-key.ts'
import { type CustodianKeyFile, createCustodianKey, type OpenCustodianKey } from './custodian-key.ts'
import { DeliveryError } from './errors.ts'
import type { OnlineKeys } from './online-keys.ts'
import type { PublicOfficer } from './recall-key.ts'
import { recallsDelegation } from './recall-metadata.ts'
import type { RepositoryFiles } from './repository-files.ts'
import { metaOf, readNewestRoot } from './repository-state.ts'
import { timestampPart } from './repository-writer.ts'
import {
  APPROVAL_THRESHOLD,
  CUSTODIAN_THRESHOLD,
  expiryOf,
  type SignedPart,
  SPEC_VERSION,
  signMetadata,
  signOnline,
} from './tuf-format.ts'

/** The public side of the offline keys. */
export interface Custodians {
  readonly root: readonly Pick<CustodianKeyFile, 'publicKey'>[]
  readonly targets: readonly Pick<CustodianKeyFile, 'publicKey'>[]
}

/** Who custodians, online keys and approvers are. Public keys only. */
export interface RepositoryParties {
  readonly custodians: Custodians
  readonly online: { readonly snapshot: string; readonly timestamp: string }
  readonly approvers: readonly PublicApprover[]
  /** Who may recall models; without any the role does not exist. */
  readonly officers?: readonly PublicOfficer[]
}

/** Custodians per offline role. */
const CUSTODIANS = 3

/**
 * Makes the six offline keys, each under its own passphrase, as files `root-1.key.json` to `targets-3.key.json` that are
 * then carried away. The hub itself never holds them open.
 * @param options.passphraseOf the passphrase of a key, by file name without ending.
 */
export async function createRepositoryKeys(options: {
  readonly folder: string
  readonly passphraseOf: (name: string) => string
  readonly randomness?: Randomness
  readonly cost?: ScryptCost
}): Promise<{ readonly root: readonly CustodianKeyFile[]; readonly targets: readonly CustodianKeyFile[] }> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  const make = async (role: 'root' | 'targets'): Promise<CustodianKeyFile[]> => {
    const files: CustodianKeyFile[] = []
    for (let number = 1; number <= CUSTODIANS; number += 1) {
      const name = `${role}-${number}`
      const file = await createCustodianKey({ ...options, role, number, passphrase: options.passphraseOf(name) })
      await writeFileAtomically(join(options.folder, `${name}.key.json`), JSON.stringify(file, null, 2), 0o600)
      files.push(file)
    }
    return files
  }
  return { root: await make('root'), targets: await make('targets') }
}

/**
 * Writes the first state of a repository: root and targets 2 of 3, targets empty with the one delegation, no release.
 * @param signers open custodian keys, at least two of each role.
 * @returns the bytes of 1.root.json, to be pinned on devices, and their digest for the approval policy.
 * @throws {DeliveryError} `already-initialised`, `too-few-custodians`, `key-shared`
 */
export async function initialiseRepository(options: {
  readonly files: RepositoryFiles
  readonly parties: RepositoryParties
  readonly signers: readonly OpenCustodianKey[]
  readonly onlineKeys: OnlineKeys
  readonly clock: Clock
}): Promise<{ readonly root: Uint8Array; readonly rootDigest: Sha256Hex }> {
  const { files, parties, signers, onlineKeys, clock } = options
  if ((await files.read('metadata/timestamp.json')) !== undefined) {
    throw new DeliveryError('already-initialised', 'the repository has been initialised before')
  }
  const before = await readNewestRoot(files)
  if (before !== undefined && before.metadata.signed.version > 1) {
    throw new DeliveryError('already-initialised', 'the repository has a later root already')
  }
  refuseSharedKeys(parties)
  const root = signMetadata(rootPart(1, parties, clock), custodiansOf('root', parties, signers))
  const targets = signMetadata(targetsPart(1, parties, clock), custodiansOf('targets', parties, signers))
  const snapshot = await signOnline(
    {
      _type: 'snapshot',
      spec_version: SPEC_VERSION,
      version: 1,
      expires: expiryOf('snapshot', clock.now()),
      meta: { 'targets.json': metaOf(1, targets) },
    },
    [onlineKeys.snapshot],
  )
  await files.write('metadata/1.root.json', root)
  await files.write('metadata/1.targets.json', targets)
  await files.write('metadata/1.snapshot.json', snapshot)
  await files.write(
    'metadata/timestamp.json',
    await signOnline(timestampPart(1, 1, snapshot, clock), [onlineKeys.timestamp]),
  )
  return { root, rootDigest: digestOf(root) }
}

/**
 * The next top-level targets, signed: how approvers are added, exchanged or removed, and how its validity is renewed.
 * @throws {DeliveryError} `too-few-custodians`, `key-shared`
 */
export function signTargets(
  version: number,
  parties: RepositoryParties,
  signers: readonly OpenCustodianKey[],
  clock: Clock,
): Uint8Array {
  refuseSharedKeys(parties)
  return signMetadata(targetsPart(version, parties, clock), custodiansOf('targets', parties, signers))
}

/**
 * The next root, signed by the custodians present, who must be enough both by the old and by the new root (TUF 6.1).
 * @param previous parties of the published root.
 */
export function signRoot(
  version: number,
  parties: RepositoryParties,
  previous: RepositoryParties,
  signers: readonly OpenCustodianKey[],
  clock: Clock,
): Uint8Array {
  refuseSharedKeys(parties)
  const old = custodiansOf('root', previous, signers)
  const present = [...old, ...custodiansOf('root', parties, signers).filter((signer) => !old.includes(signer))]
  return signMetadata(rootPart(version, parties, clock), present)
}

function rootPart(version: number, parties: RepositoryParties, clock: Clock): SignedPart {
  const { custodians, online } = parties
  const publicKeys = {
    root: custodians.root.map((key) => key.publicKey),
    targets: custodians.targets.map((key) => key.publicKey),
    snapshot: [online.snapshot],
    timestamp: [online.timestamp],
  }
  const keys = Object.values(publicKeys)
    .flat()
    .map((publicKey) => [keyIdOf(tufKey(publicKey)), tufKey(publicKey)] as const)
  const roles = Object.entries(publicKeys).map(
    ([role, of]) =>
      [
        role,
        {
          keyids: of.map((publicKey) => keyIdOf(tufKey(publicKey))),
          threshold: role === 'root' || role === 'targets' ? CUSTODIAN_THRESHOLD : 1,
        },
      ] as const,
  )
  return {
    _type: 'root',
    spec_version: SPEC_VERSION,
    version,
    expires: expiryOf('root', clock.now()),
    consistent_snapshot: true,
    keys: Object.fromEntries(keys),
    roles: Object.fromEntries(roles),
  }
}

function targetsPart(version: number, { approvers, officers = [] }: RepositoryParties, clock: Clock): SignedPart {
  const recalls = officers.length === 0 ? undefined : recallsDelegation(officers)
  const keys = approvers.map((approver) => [keyIdOf(tufKey(approver.publicKey)), approverTufKey(approver)] as const)
  return {
    _type: 'targets',
    spec_version: SPEC_VERSION,
    version,
    expires: expiryOf('targets', clock.now()),
    targets: {},
    delegations: {
      keys: { ...Object.fromEntries(keys), ...recalls?.keys },
      roles: [
        {
          name: APPROVED_MODELS_ROLE,
          keyids: keys.map(([keyid]) => keyid),
          threshold: APPROVAL_THRESHOLD,
          terminating: true,
          paths: [RELEASE_PATH_PATTERN],
        },
        ...(recalls === undefined ? [] : [recalls.role]),
      ],
    },
  }
}

function custodiansOf(
  role: 'root' | 'targets',
  parties: RepositoryParties,
  signers: readonly OpenCustodianKey[],
): OpenCustodianKey[] {
  const listed = new Set(parties.custodians[role].map((key) => key.publicKey))
  const present = signers.filter((signer) => listed.has(signer.publicKey))
  if (new Set(present.map((signer) => signer.publicKey)).size < CUSTODIAN_THRESHOLD) {
    throw new DeliveryError('too-few-custodians', `${CUSTODIAN_THRESHOLD} custodians of ${role} are needed`)
  }
  return present
}

function refuseSharedKeys(parties: RepositoryParties): void {
  const { custodians, online, approvers, officers = [] } = parties
  const all = [
    ...custodians.root.map((key) => key.publicKey),
    ...custodians.targets.map((key) => key.publicKey),
    online.snapshot,
    online.timestamp,
    ...approvers.map((approver) => approver.publicKey),
    ...officers.map((officer) => officer.publicKey),
  ]
  if (new Set(all).size !== all.length) {
    throw new DeliveryError('key-shared', 'one key would serve two roles or two people')
  }
  if (new Set(approvers.map((approver) => approver.person)).size < APPROVAL_THRESHOLD) {
    throw new DeliveryError('too-few-custodians', 'two approvers are needed')
  }
}
