import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import {
  type ModelReference,
  RECALL_PATH_PATTERN,
  RECALLS_ROLE,
  type RecallStatement,
  recallPath,
  recallStatement,
} from '@leadglass/sync-agent/contract'
import { type Clock, canonicalJson, digestOf } from '@leadglass/sync-agent/foundation'
import { findDelegationFault, keyIdOf } from '@leadglass/sync-agent/updates'
import { tufKey } from '../governance/approver-key.ts'
import { DeliveryError } from './errors.ts'
import { officerTufKey, type PublicOfficer } from './recall-key.ts'
import type { RepositoryState } from './repository-state.ts'
import {
  canonicalBytes,
  expiryOf,
  type MetadataSigner,
  parseRoot,
  parseTargets,
  type SignedPart,
  SPEC_VERSION,
  signMetadata,
} from './tuf-format.ts'

/** The next `recalls` as a safety officer is to sign it. */
export interface ProposedRecalls {
  readonly version: number
  /** Canonical bytes: what the signature covers. */
  readonly signedBytes: Uint8Array
}

/** The delegation to `recalls`: one officer suffices, and the paths are those of recalls alone (TUF 4.5). */
export function recallsDelegation(officers: readonly PublicOfficer[]): {
  readonly keys: Readonly<Record<string, SignedPart>>
  readonly role: SignedPart
} {
  const keys = officers.map((officer) => [keyIdOf(tufKey(officer.publicKey)), officerTufKey(officer)] as const)
  return {
    keys: Object.fromEntries(keys),
    role: {
      name: RECALLS_ROLE,
      keyids: keys.map(([keyid]) => keyid),
      threshold: 1,
      terminating: true,
      paths: [RECALL_PATH_PATTERN],
    },
  }
}

/**
 * The top-level targets of an instance that was made without safety officers, or with others, with the role as it shall
 * be. Everything else in it stays.
 * @param signers open custodian keys of `targets`, two of three.
 * @throws {DeliveryError} `devices-would-refuse`, `signatures-missing`
 */
export function signTargetsWithOfficers(
  state: Pick<RepositoryState, 'root' | 'targets'>,
  officers: readonly PublicOfficer[],
  signers: readonly MetadataSigner[],
  policy: ApprovalPolicy,
  clock: Clock,
): Uint8Array {
  const before = state.targets.metadata.signed
  const part = before.toJSON() as SignedPart & {
    readonly delegations?: { readonly keys: Record<string, SignedPart>; readonly roles: readonly SignedPart[] }
  }
  const former = part.delegations?.roles.find(({ name }) => name === RECALLS_ROLE)?.keyids
  const formerKeys = Array.isArray(former) ? (former as string[]) : []
  const kept = Object.entries(part.delegations?.keys ?? {}).filter(([keyid]) => !formerKeys.includes(keyid))
  const { keys, role } = recallsDelegation(officers)
  const bytes = signMetadata(
    {
      ...part,
      version: before.version + 1,
      expires: expiryOf('targets', clock.now()),
      delegations: {
        keys: { ...Object.fromEntries(kept), ...keys },
        roles: [...(part.delegations?.roles ?? []).filter(({ name }) => name !== RECALLS_ROLE), role],
      },
    },
    signers,
  )
  const next = parseTargets(bytes)
  const fault = findDelegationFault(state.root.metadata, next, policy)
  if (fault !== undefined) throw new DeliveryError('devices-would-refuse', fault.message)
  try {
    state.root.metadata.verifyDelegate('targets', next)
  } catch (cause) {
    throw new DeliveryError('signatures-missing', 'two custodians of targets are needed', cause)
  }
  return bytes
}

/**
 * The next list of recalls: everything recalled so far and this one. There is no way to take an entry out.
 * @throws {DeliveryError} `release-not-possible` when the role does not exist or the version is recalled already.
 */
export function proposeRecall(
  state: Pick<RepositoryState, 'targets' | 'recalls'>,
  recall: RecallStatement,
  clock: Clock,
): ProposedRecalls {
  const statement = recallStatement.parse(recall)
  if (state.targets.metadata.signed.delegations?.roles?.[RECALLS_ROLE] === undefined) {
    throw new DeliveryError('release-not-possible', 'this repository has no safety officers yet')
  }
  const listed = Object.values(state.recalls?.metadata.signed.targets ?? {})
  const targets: Record<string, unknown> = Object.fromEntries(listed.map((target) => [target.path, target.toJSON()]))
  const path = recallPath(statement.model)
  if (Object.hasOwn(targets, path)) {
    throw new DeliveryError('release-not-possible', `${nameOf(statement.model)} is recalled already`)
  }
  const bytes = Buffer.from(canonicalJson(statement))
  targets[path] = { length: bytes.length, hashes: { sha256: digestOf(bytes) }, custom: statement }
  const version = (state.recalls?.metadata.signed.version ?? 0) + 1
  const expires = expiryOf('recalls', clock.now())
  return {
    version,
    signedBytes: canonicalBytes({ _type: 'targets', spec_version: SPEC_VERSION, version, expires, targets }),
  }
}

/** Where the file of a recall lies below `targets/` (TUF 6.2: the digest before the name). */
export function recallTargetPath(statement: RecallStatement): string {
  const digest = digestOf(canonicalJson(statement))
  return recallPath(statement.model).replace(/[^/]+$/, (name) => `${digest}.${name}`)
}

function nameOf({ name, version }: ModelReference): string {
  return `${name} ${version}`
}

/** {@link signTargetsWithOfficers} over the published files, as a machine without the repository has them. */
export function signOfficersOffline(
  files: { readonly root: Uint8Array; readonly targets: Uint8Array },
  officers: readonly PublicOfficer[],
  signers: readonly MetadataSigner[],
  policy: ApprovalPolicy,
  clock: Clock,
): Uint8Array {
  const root = { metadata: parseRoot(files.root), bytes: files.root }
  const targets = { metadata: parseTargets(files.targets), bytes: files.targets }
  return signTargetsWithOfficers({ root, targets }, officers, signers, policy, clock)
}
