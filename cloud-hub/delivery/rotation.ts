import { APPROVED_MODELS_ROLE, RECALLS_ROLE } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import { readApproverKey, readOfficerKey } from '@leadglass/sync-agent/updates'
import type { PublicApprover } from '../governance/approver-key.ts'
import { type RepositoryParties, signRoot, signTargets } from './ceremony.ts'
import type { OpenCustodianKey } from './custodian-key.ts'
import { DeliveryError } from './errors.ts'
import type { OnlineKeys } from './online-keys.ts'
import type { RepositoryState } from './repository-state.ts'
import type { RepositoryWriter } from './repository-writer.ts'

/** Custodians who are present, with their keys open. */
export interface Ceremony {
  readonly writer: RepositoryWriter
  readonly signers: readonly OpenCustodianKey[]
  readonly clock: Clock
}

/** Who stands in the published metadata. Public keys only. */
export function partiesOf(state: Pick<RepositoryState, 'root' | 'targets'>): RepositoryParties {
  const { roles, keys } = state.root.metadata.signed
  const keysOf = (role: string): string[] =>
    (roles[role]?.keyIDs ?? []).flatMap((keyid) => keys[keyid]?.keyVal.public ?? [])
  const custodians = (role: string): { publicKey: string }[] => keysOf(role).map((publicKey) => ({ publicKey }))
  const delegations = state.targets.metadata.signed.delegations
  const listed = (role: string): (readonly [string, NonNullable<typeof delegations>['keys'][string]])[] =>
    (delegations?.roles?.[role]?.keyIDs ?? []).flatMap((keyid) => {
      const key = delegations?.keys[keyid]
      return key === undefined ? [] : [[keyid, key] as const]
    })
  return {
    custodians: { root: custodians('root'), targets: custodians('targets') },
    online: { snapshot: keysOf('snapshot')[0] ?? '', timestamp: keysOf('timestamp')[0] ?? '' },
    approvers: listed(APPROVED_MODELS_ROLE).flatMap(([keyid, key]) => {
      const approver = readApproverKey(keyid, key)
      const publicKey = key.keyVal.public ?? ''
      return approver === undefined ? [] : [{ person: approver.person, role: approver.role, publicKey }]
    }),
    officers: listed(RECALLS_ROLE).flatMap(([, key]) => {
      const person = readOfficerKey(key)
      return person === undefined ? [] : [{ person, publicKey: key.keyVal.public ?? '' }]
    }),
  }
}

/**
 * Exchanges one custodian's key, lost or compromised, for another (TUF 6.1). The custodians present must suffice both by
 * the old root and by the new one, without the key that goes. Top-level targets are signed anew by those who stay before
 * the root changes, so that devices find valid metadata at every instant.
 * @throws {DeliveryError} `too-few-custodians`, `key-shared`, `stale`, `signatures-missing`, `release-not-possible`
 */
export async function exchangeCustodian(
  role: 'root' | 'targets',
  old: string,
  replacement: string,
  { writer, signers, clock }: Ceremony,
): Promise<void> {
  const state = await writer.state()
  const previous = partiesOf(state)
  const custodians = previous.custodians[role]
  if (!custodians.some((key) => key.publicKey === old)) throw unknown(`no custodian of ${role} has that key`)
  const exchanged = custodians.map((key) => (key.publicKey === old ? { publicKey: replacement } : key))
  const parties = { ...previous, custodians: { ...previous.custodians, [role]: exchanged } }
  const staying = signers.filter((signer) => signer.publicKey !== old && signer.publicKey !== replacement)
  const root = signRoot(state.root.metadata.signed.version + 1, parties, previous, signers, clock)
  if (role === 'targets') {
    await writer.publishTargets(signTargets(state.targets.metadata.signed.version + 1, previous, staying, clock))
  }
  await writer.publishRoot(root)
}

/**
 * Names new online keys in a new root. Snapshot and timestamp are first signed by the old and the new keys, which both
 * roots accept; so a crash between any two steps leaves devices a valid repository. Going on after one is the same call.
 * @param writer one that signs with the old keys and the new ones.
 * @throws {DeliveryError} as {@link exchangeCustodian}
 */
export async function exchangeOnlineKeys(next: OnlineKeys, { writer, signers, clock }: Ceremony): Promise<void> {
  const state = await writer.state()
  const previous = partiesOf(state)
  const online = { snapshot: next.snapshot.publicKey, timestamp: next.timestamp.publicKey }
  if (previous.online.snapshot === online.snapshot && previous.online.timestamp === online.timestamp) return
  const parties = { ...previous, online }
  const root = signRoot(state.root.metadata.signed.version + 1, parties, previous, signers, clock)
  await writer.resignOnline()
  await writer.publishRoot(root)
}

/**
 * Gives an approver another key, or a first one; without a replacement the approver is removed.
 * @param options.revoking also when the present list of models loses its approvals thereby, as after a compromise: devices
 * then install nothing until the remaining approvers have signed it again.
 * @throws {DeliveryError} as {@link exchangeCustodian}
 */
export async function exchangeApprover(
  person: string,
  replacement: PublicApprover | undefined,
  { writer, signers, clock }: Ceremony,
  options: { readonly revoking: boolean },
): Promise<void> {
  const state = await writer.state()
  const parties = partiesOf(state)
  const others = parties.approvers.filter((approver) => approver.person !== person)
  if (replacement === undefined && others.length === parties.approvers.length) {
    throw unknown(`${person} is not an approver of this repository`)
  }
  const approvers = replacement === undefined ? others : [...others, replacement]
  const version = state.targets.metadata.signed.version + 1
  await writer.publishTargets(signTargets(version, { ...parties, approvers }, signers, clock), options)
}

function unknown(message: string): DeliveryError {
  return new DeliveryError('release-not-possible', message)
}
