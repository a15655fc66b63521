import type { Metadata, Root, TargetFile, Targets } from '@tufjs/models'
import {
  APPROVED_MODELS_ROLE,
  type ApprovalPolicy,
  type ApproverRole,
  type ReleaseStatement,
  releasePath,
  releaseStatement,
} from '../contract/index.ts'
import { type ApproverKey, keyIdOfKey, readApproverKey } from './approver-keys.ts'
import { findDelegationFault } from './delegation-policy.ts'
import type { PolicyFinding } from './policy-finding.ts'

/** One approval that counts: a person, the role in which the person signed, and the key. */
export type Approval = ApproverKey

/** What {@link checkApprovals} says of one release. */
export type ApprovalOutcome =
  | { readonly kind: 'approved'; readonly approvals: readonly Approval[]; readonly statement: ReleaseStatement }
  | ({ readonly kind: 'refused' } & PolicyFinding)

/** What the check looks at; all metadata has passed the TUF workflow, or is about to be published. */
export interface ApprovalInput {
  readonly root: Metadata<Root>
  readonly targets: Metadata<Targets>
  readonly approvedModels: Metadata<Targets>
  readonly target: TargetFile
  readonly policy: ApprovalPolicy
}

/**
 * Decides whether a listed release was approved as the pinned policy asks: enough distinct persons with distinct keys,
 * the required roles held by different persons, none of them the author, and a statement that speaks of these bytes.
 * Pure: the same code runs in the hub before publishing, in the agent and in the appliance.
 */
export function checkApprovals(input: ApprovalInput): ApprovalOutcome {
  const fault = findDelegationFault(input.root, input.targets, input.policy) ?? findRedelegation(input.approvedModels)
  if (fault !== undefined) return { kind: 'refused', ...fault }
  return checkRelease(signersOf(input.targets, input.approvedModels), input.target, input.policy)
}

/** A finding when `approved-models` itself delegates; whom it named could list models without approval. */
export function findRedelegation(approvedModels: Metadata<Targets>): PolicyFinding | undefined {
  if (approvedModels.signed.delegations === undefined) return undefined
  return {
    attack: 'redelegated',
    message: `The role ${APPROVED_MODELS_ROLE} passes its right to approve on to others. This device refuses that.`,
  }
}

/** Every listed approver's key whose signature over the metadata verifies, once per distinct public key. */
export function signersOf(targets: Metadata<Targets>, approvedModels: Metadata<Targets>): Approval[] {
  const delegations = targets.signed.delegations
  const role = delegations?.roles?.[APPROVED_MODELS_ROLE]
  const found = new Map<string, Approval>()
  for (const keyid of role?.keyIDs ?? []) {
    const key = delegations?.keys[keyid]
    if (key === undefined || keyIdOfKey(key) !== keyid) continue
    const approver = readApproverKey(keyid, key)
    if (approver === undefined || found.has(approver.keyDigest)) continue
    try {
      key.verifySignature(approvedModels)
    } catch {
      continue // TUF 4.2: a signature that does not verify counts for nothing
    }
    found.set(approver.keyDigest, approver)
  }
  return [...found.values()]
}

/** The part of {@link checkApprovals} that concerns one release, given the valid signers of the metadata. */
export function checkRelease(
  signers: readonly Approval[],
  target: TargetFile,
  policy: ApprovalPolicy,
): ApprovalOutcome {
  const parsed = releaseStatement.safeParse(target.custom)
  if (!parsed.success) {
    return refused('statement-malformed', 'A listed model carries no release statement that this device can read.')
  }
  const statement = parsed.data
  const name = `${statement.model.name} ${statement.model.version}`
  const hashes = Object.keys(target.hashes)
  // `every hash` and `this hash`: tuf-js takes any algorithm, the device only the one that the statement signs.
  if (
    target.path !== releasePath(statement.model) ||
    hashes.length !== 1 ||
    target.hashes.sha256 !== statement.model.digest
  ) {
    return refused('statement-mismatch', `The release of ${name} lists other bytes or another path than was approved.`)
  }
  const persons = statement.signoffs.map((signoff) => signoff.person)
  if (new Set(persons).size !== persons.length) {
    return refused('same-person-twice', `The release of ${name} names one person for two signatures.`)
  }
  if (persons.includes(statement.author)) {
    return refused('author-approved', `The author of ${name} is named as one of its approvers.`)
  }
  const missing = findMissingApproval(signers, statement.author, policy, name)
  if (missing !== undefined) return { kind: 'refused', ...missing }
  return { kind: 'approved', approvals: signers.filter((signer) => signer.person !== statement.author), statement }
}

/**
 * What is missing for a release by this author, given the valid signers; undefined when nothing is. An author's own
 * signature may stand on the file for the sake of other releases; for this one it counts for nothing.
 */
export function findMissingApproval(
  signers: readonly Pick<Approval, 'person' | 'role'>[],
  author: string,
  policy: Pick<ApprovalPolicy, 'minimumApprovals' | 'requiredRoles'>,
  name: string,
): PolicyFinding | undefined {
  const approvals = signers.filter((signer) => signer.person !== author)
  const persons = new Set(approvals.map((approval) => approval.person))
  if (persons.size < policy.minimumApprovals) {
    const needed = `${persons.size} of ${policy.minimumApprovals} required approvals of ${name} present`
    if (approvals.length < signers.length) {
      return { attack: 'author-approved', message: `The author of ${name} signed it; without that, ${needed}.` }
    }
    if (approvals.length > persons.size) {
      return { attack: 'same-person-twice', message: `One person signed ${name} with several keys; that is ${needed}.` }
    }
    return { attack: 'too-few-approvals', message: `Only ${needed}.` }
  }
  const roles = [...new Set(policy.requiredRoles)]
  if (coverable(roles, approvals)) return undefined
  return {
    attack: 'role-missing',
    message: `${name} was not approved by a different person for each of the required roles: ${roles.join(', ')}.`,
  }
}

/** True when each role can be given to a person of its own who signed in that role. */
function coverable(
  roles: readonly ApproverRole[],
  approvals: readonly Pick<Approval, 'person' | 'role'>[],
  taken: readonly string[] = [],
): boolean {
  const [role, ...rest] = roles
  if (role === undefined) return true
  return approvals.some(
    (approval) =>
      approval.role === role &&
      !taken.includes(approval.person) &&
      coverable(rest, approvals, [...taken, approval.person]),
  )
}

function refused(attack: PolicyFinding['attack'], message: string): ApprovalOutcome {
  return { kind: 'refused', attack, message }
}
