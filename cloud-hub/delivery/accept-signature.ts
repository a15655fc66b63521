import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { readApproverKey } from '@leadglass/sync-agent/updates'
import type { Metadata, Targets } from '@tufjs/models'
import { type ActRefusal, mayAct } from '../governance/approval.ts'
import type { Proposal } from '../governance/repository.ts'
import { type ElectronicSignature, type SignedApproval, verifyApproval } from '../governance/signing.ts'

/** Why a signature was not taken. */
export type SignatureRefusal =
  | ActRefusal
  /** The key is not one of the approvers' keys that the custodians vouch for. */
  | 'key-not-authorised'
  /** The signature does not verify over exactly the proposed bytes. */
  | 'signature-invalid'
  /** The statement speaks of another person, role, release or time than the key and the proposal. */
  | 'statement-differs'

/** How far the clocks of hub and approver may lie apart. */
const CLOCK_TOLERANCE_MS = 5 * 60_000

/** What {@link checkSignature} says. */
export type SignatureOutcome =
  | { readonly kind: 'valid'; readonly statement: ElectronicSignature; readonly publicKey: string }
  | { readonly kind: 'refused'; readonly reason: SignatureRefusal }

/**
 * Decides whether an approval counts: the key is one that the offline targets role lists, both signatures verify over
 * exactly the proposed bytes, the statement names the key's own person and role, and that person may sign now. Pure; the
 * store then takes each person and each key once, so two approvers at one instant do not disturb each other.
 */
export function checkSignature(
  proposal: Proposal,
  approval: SignedApproval,
  targets: Metadata<Targets>,
  policy: ApprovalPolicy,
  nowMs: number,
): SignatureOutcome {
  if (proposal.signedBytes === null || proposal.version === null) return refused('wrong-state')
  const delegations = targets.signed.delegations
  const keys = delegations?.keys ?? {}
  const key = Object.hasOwn(keys, approval.keyid) ? keys[approval.keyid] : undefined
  const approver = key === undefined ? undefined : readApproverKey(approval.keyid, key)
  const publicKey = key?.keyVal.public
  if (approver === undefined || publicKey === undefined) return refused('key-not-authorised')
  const subject = { version: proposal.version, signedBytes: proposal.signedBytes }
  const statement = verifyApproval(approval, subject, publicKey)
  if (statement === undefined) return refused('signature-invalid')
  const { person, role, meaning, releases } = statement.predicate
  const digests = proposal.statements.map((one) => one.model.digest).sort()
  const named = releases.map((release) => release.model.digest).sort()
  if (person !== approver.person || role !== approver.role || digests.join() !== named.join()) {
    return refused('statement-differs')
  }
  // 21 CFR 11.50(a)(2): the time may come from the approver's own machine, but not from before there was a record to
  // sign, nor from the future.
  const signedAt = Date.parse(statement.predicate.signedAt)
  const submittedAt = Date.parse(proposal.submittedAt ?? '')
  if (!(signedAt >= submittedAt - CLOCK_TOLERANCE_MS && signedAt <= nowMs + CLOCK_TOLERANCE_MS)) {
    return refused('statement-differs')
  }
  const act = mayAct(proposal, { kind: 'sign', person, role, meaning }, policy)
  return act.kind === 'allowed' ? { kind: 'valid', statement, publicKey } : refused(act.reason)
}

function refused(reason: SignatureRefusal): SignatureOutcome {
  return { kind: 'refused', reason }
}
