import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import { type ApprovalState, approvalState, type ProposalFacts } from '../governance/approval.ts'

/** What has become of a version: `candidate` when nobody has proposed it, else the state of its best proposal. */
export type VersionState = 'candidate' | ApprovalState

/** From furthest to nearest. A published version stays published even if a later proposal of it is withdrawn. */
const ORDER: readonly ApprovalState[] = [
  'published',
  'approved',
  'partially-signed',
  'in-review',
  'submitted',
  'draft',
  'changes-requested',
  'rejected',
  'expired',
  'withdrawn',
  'superseded',
]

/** Derives the state of a version from the proposals that contain it; it is never stored or set. */
export function versionState(
  proposals: readonly ProposalFacts[],
  policy: Pick<ApprovalPolicy, 'minimumApprovals' | 'requiredRoles'>,
): VersionState {
  const states = proposals.map((proposal) => approvalState(proposal, policy))
  return ORDER.find((state) => states.includes(state)) ?? 'candidate'
}
