import type { Key, Metadata, Root, Targets } from '@tufjs/models'
import { APPROVED_MODELS_ROLE, type ApprovalPolicy, RECALLS_ROLE, RELEASE_PATH_PATTERN } from '../contract/index.ts'
import { ed25519Bytes, keyIdOfKey, readApproverKey } from './approver-keys.ts'
import type { PolicyFinding } from './policy-finding.ts'
import { findRecallsFault, isOfficerKeyOnly } from './recall-policy.ts'

/** Fewest signatures that the device accepts as the threshold of the two offline roles, root and targets. */
const OFFLINE_THRESHOLD = 2

/**
 * The part of the pinned policy that looks at who may list models at all. In TUF the delegator decides keys and
 * threshold of a delegated role and may list targets itself, and clients find nothing wrong with that; the device does.
 * @returns the first finding, or undefined when the structure is exactly the pinned one.
 */
export function findDelegationFault(
  root: Metadata<Root>,
  targets: Metadata<Targets>,
  policy: ApprovalPolicy,
): PolicyFinding | undefined {
  return findRootFault(root) ?? findTargetsFault(targets, policy) ?? findKeyFault(root, targets)
}

function findRootFault(root: Metadata<Root>): PolicyFinding | undefined {
  const alias = findAlias(root.signed.keys)
  if (alias !== undefined) return alias
  for (const role of ['root', 'targets']) {
    const threshold = root.signed.roles[role]?.threshold ?? 0
    if (!Number.isInteger(threshold) || threshold < OFFLINE_THRESHOLD) {
      return {
        attack: 'threshold-lowered',
        message: `The role ${role} needs ${threshold} signature(s) by now; this device accepts no fewer than ${OFFLINE_THRESHOLD}.`,
      }
    }
  }
  return undefined
}

function findTargetsFault(targets: Metadata<Targets>, policy: ApprovalPolicy): PolicyFinding | undefined {
  const listed = Object.keys(targets.signed.targets).length
  if (listed > 0) {
    return {
      attack: 'listed-by-another-role',
      message: `The role targets lists ${listed} file(s) itself. Only ${APPROVED_MODELS_ROLE}, signed by approvers, may list models.`,
    }
  }
  const delegations = targets.signed.delegations
  if (delegations?.succinctRoles !== undefined) {
    return {
      attack: 'extra-delegation',
      message: 'The role targets delegates to hashed bins, which this device refuses.',
    }
  }
  const roles = Object.values(delegations?.roles ?? {})
  const extra = roles.find(({ name }) => name !== APPROVED_MODELS_ROLE && name !== RECALLS_ROLE)
  if (extra !== undefined) {
    return {
      attack: 'extra-delegation',
      message: `A second role may list models besides ${APPROVED_MODELS_ROLE}. This device allows one.`,
    }
  }
  const recalls = roles.find(({ name }) => name === RECALLS_ROLE)
  const recallsFault = recalls === undefined ? undefined : findRecallsFault(recalls, targets)
  if (recallsFault !== undefined) return recallsFault
  const role = roles.find(({ name }) => name === APPROVED_MODELS_ROLE)
  if (role === undefined) {
    return { attack: 'delegation-changed', message: `The role ${APPROVED_MODELS_ROLE} has been removed.` }
  }
  const pathsAsPinned = role.paths?.length === 1 && role.paths[0] === RELEASE_PATH_PATTERN
  if (!pathsAsPinned || role.pathHashPrefixes !== undefined || role.terminating !== true) {
    return {
      attack: 'delegation-changed',
      message: `The delegation to ${APPROVED_MODELS_ROLE} is not the pinned one: one path pattern, terminating.`,
    }
  }
  if (!Number.isInteger(role.threshold) || role.threshold < policy.minimumApprovals) {
    return {
      attack: 'threshold-lowered',
      message: `The repository asks for ${role.threshold} approval(s) of a model; this device asks for ${policy.minimumApprovals}.`,
    }
  }
  return undefined
}

function findKeyFault(root: Metadata<Root>, targets: Metadata<Targets>): PolicyFinding | undefined {
  const keys = targets.signed.delegations?.keys ?? {}
  const alias = findAlias(keys)
  if (alias !== undefined) return alias
  const others = new Set(Object.values(root.signed.keys).map((key) => key.keyVal.public))
  for (const [keyid, key] of Object.entries(keys)) {
    if (readApproverKey(keyid, key) === undefined && !isOfficerKeyOnly(keyid, targets)) {
      return {
        attack: 'unknown-approver',
        message: `The key ${keyid.slice(0, 12)} is listed as an approver's key but does not say whose it is.`,
      }
    }
    if (others.has(key.keyVal.public)) {
      return {
        attack: 'key-reused',
        message: `The key ${keyid.slice(0, 12)} is listed as an approver's key and also serves the repository itself.`,
      }
    }
  }
  return undefined
}

function findAlias(keys: Readonly<Record<string, Key>>): PolicyFinding | undefined {
  const seen = new Set<string>()
  for (const [keyid, key] of Object.entries(keys)) {
    const bytes = ed25519Bytes(key)
    if (bytes === undefined) {
      return {
        attack: 'unknown-approver',
        message: `The key ${keyid.slice(0, 12)} is not an Ed25519 key in plain form.`,
      }
    }
    const spelling = Buffer.from(bytes).toString('hex')
    // TUF 4.2: clients calculate each KEYID. A key under a second name would count as a second signer.
    if (keyIdOfKey(key) !== keyid || seen.has(spelling)) {
      return {
        attack: 'alias-key',
        message: `The key ${keyid.slice(0, 12)} is listed under a name that is not its own. One key may count once only.`,
      }
    }
    seen.add(spelling)
  }
  return undefined
}
