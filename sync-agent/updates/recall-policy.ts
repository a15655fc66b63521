import type { Metadata, Targets } from '@tufjs/models'
import { APPROVED_MODELS_ROLE, RECALL_PATH_PATTERN, RECALLS_ROLE } from '../contract/index.ts'
import { readOfficerKey } from './approver-keys.ts'
import type { PolicyFinding } from './policy-finding.ts'

type DelegatedRole = NonNullable<NonNullable<Targets['delegations']>['roles']>[string]

/**
 * Looks at the delegation to `recalls`. One safety officer may stop a model, so the device asks for the least of it: paths
 * of recalls only, terminating (TUF 4.5), and keys that stand under no other role, so that stopping never becomes listing.
 */
export function findRecallsFault(role: DelegatedRole, targets: Metadata<Targets>): PolicyFinding | undefined {
  const pathsAsPinned = role.paths?.length === 1 && role.paths[0] === RECALL_PATH_PATTERN
  if (!pathsAsPinned || role.pathHashPrefixes !== undefined || role.terminating !== true) {
    return {
      attack: 'delegation-changed',
      message: `The delegation to ${RECALLS_ROLE} is not the pinned one: one path pattern, terminating.`,
    }
  }
  if (!Number.isInteger(role.threshold) || role.threshold < 1) {
    return { attack: 'threshold-lowered', message: `The role ${RECALLS_ROLE} asks for no signature at all.` }
  }
  const { keys = {}, roles = {} } = targets.signed.delegations ?? {}
  const approvers = roles[APPROVED_MODELS_ROLE]?.keyIDs ?? []
  for (const keyid of role.keyIDs) {
    const key = keys[keyid]
    if (key === undefined || readOfficerKey(key) === undefined) {
      return {
        attack: 'unknown-approver',
        message: `The key ${keyid.slice(0, 12)} may recall models but does not say which safety officer's it is.`,
      }
    }
    if (approvers.includes(keyid)) {
      return {
        attack: 'key-reused',
        message: `The key ${keyid.slice(0, 12)} may both recall and approve models. One key serves one of them.`,
      }
    }
  }
  return undefined
}

/** True for a key that stands under `recalls` alone: it need not say in which role its owner approves. */
export function isOfficerKeyOnly(keyid: string, targets: Metadata<Targets>): boolean {
  const roles = targets.signed.delegations?.roles ?? {}
  const isListed = roles[RECALLS_ROLE]?.keyIDs.includes(keyid) === true
  return isListed && roles[APPROVED_MODELS_ROLE]?.keyIDs.includes(keyid) !== true
}
