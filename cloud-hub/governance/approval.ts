import type { ApprovalPolicy, ApproverRole, ReleaseStatement, SignatureMeaning } from '@leadglass/sync-agent/contract'
import { findMissingApproval } from '@leadglass/sync-agent/updates'

/** Where a proposal stands. Never stored: it follows from what has been signed and decided. */
export type ApprovalState =
  | 'draft'
  | 'submitted'
  | 'in-review'
  | 'partially-signed'
  | 'approved'
  | 'published'
  | 'rejected'
  | 'withdrawn'
  | 'superseded'
  | 'changes-requested'
  | 'expired'

/**
 * How a proposal ended. `superseded`: another list was published first, so the signed bytes no longer fit.
 * `changes-requested`: an approver sent it back; other bytes need a proposal of their own. `expired`: nobody signed in time.
 */
export type Closing = 'published' | 'rejected' | 'withdrawn' | 'superseded' | 'changes-requested' | 'expired'

/** What the state follows from. */
export interface ProposalFacts {
  readonly author: string
  readonly statements: readonly ReleaseStatement[]
  readonly submitted: boolean
  readonly closed: Closing | null
  /** An approver has begun to look at it. */
  readonly reviewed?: boolean
  readonly signatures: readonly { readonly person: string; readonly role: ApproverRole }[]
}

/** Why an act was refused. */
export type ActRefusal =
  | 'wrong-state'
  | 'not-the-author'
  | 'author-may-not-approve'
  | 'not-named-as-approver'
  | 'wrong-role'
  | 'wrong-meaning'
  | 'already-signed'
  | 'reason-missing'

/** May the act be done? */
export type ActOutcome = { readonly kind: 'allowed' } | { readonly kind: 'refused'; readonly reason: ActRefusal }

/** What a person wants to do with a proposal. */
export type Act =
  | { readonly kind: 'submit'; readonly person: string }
  | { readonly kind: 'sign'; readonly person: string; readonly role: ApproverRole; readonly meaning: SignatureMeaning }
  | { readonly kind: 'review'; readonly person: string }
  | { readonly kind: 'request-changes'; readonly person: string; readonly reason: string }
  | { readonly kind: 'expire' }
  | { readonly kind: 'reject'; readonly person: string; readonly reason: string }
  | { readonly kind: 'withdraw'; readonly person: string }
  | { readonly kind: 'publish' }

/** Derives the state under the policy that devices are pinned to. */
export function approvalState(
  facts: ProposalFacts,
  policy: Pick<ApprovalPolicy, 'minimumApprovals' | 'requiredRoles'>,
): ApprovalState {
  if (facts.closed !== null) return facts.closed
  if (!facts.submitted) return 'draft'
  if (facts.signatures.length === 0) return facts.reviewed === true ? 'in-review' : 'submitted'
  // A proposal without releases renews the list; its author still never approves.
  const authors = [...new Set([facts.author, ...facts.statements.map((statement) => statement.author)])]
  const missing = authors.some(
    (author) => findMissingApproval(facts.signatures, author, policy, 'the proposal') !== undefined,
  )
  return missing ? 'partially-signed' : 'approved'
}

/** The states in which each act makes sense. Total: a new act does not compile until it has its row. */
const STATES_OF_ACT: Readonly<Record<Act['kind'], readonly ApprovalState[]>> = {
  submit: ['draft'],
  // Also once approved: an older listed release may need a further signature before the list can be published.
  sign: ['submitted', 'in-review', 'partially-signed', 'approved'],
  review: ['submitted', 'in-review', 'partially-signed'],
  'request-changes': ['submitted', 'in-review', 'partially-signed'],
  reject: ['submitted', 'in-review', 'partially-signed', 'approved'],
  withdraw: ['draft', 'submitted', 'in-review', 'partially-signed', 'approved'],
  // What has all its signatures is about to be published and no longer waits for anybody.
  expire: ['submitted', 'in-review', 'partially-signed'],
  publish: ['approved'],
}

/** Decides on an act. Who may act follows from the statements, which the devices will read too. */
export function mayAct(
  facts: ProposalFacts,
  act: Act,
  policy: Pick<ApprovalPolicy, 'minimumApprovals' | 'requiredRoles'>,
): ActOutcome {
  if (!STATES_OF_ACT[act.kind].includes(approvalState(facts, policy))) return refused('wrong-state')
  switch (act.kind) {
    case 'submit':
    case 'withdraw':
      return act.person === facts.author ? { kind: 'allowed' } : refused('not-the-author')
    case 'sign':
      return maySign(facts, act)
    case 'review':
      return isNamed(facts, act.person) ? { kind: 'allowed' } : refused('not-named-as-approver')
    case 'reject':
    case 'request-changes':
      if (act.reason.trim() === '') return refused('reason-missing')
      return isNamed(facts, act.person) ? { kind: 'allowed' } : refused('not-named-as-approver')
    case 'expire':
    case 'publish':
      return { kind: 'allowed' }
  }
}

function maySign(facts: ProposalFacts, act: Extract<Act, { kind: 'sign' }>): ActOutcome {
  if (act.person === facts.author || facts.statements.some((statement) => statement.author === act.person)) {
    return refused('author-may-not-approve')
  }
  if (facts.signatures.some((signature) => signature.person === act.person)) return refused('already-signed')
  for (const statement of facts.statements) {
    const named = statement.signoffs.find((signoff) => signoff.person === act.person)
    if (named === undefined) return refused('not-named-as-approver')
    if (named.role !== act.role) return refused('wrong-role')
    if (named.meaning !== act.meaning) return refused('wrong-meaning')
  }
  return { kind: 'allowed' }
}

function isNamed(facts: ProposalFacts, person: string): boolean {
  return facts.statements.every((statement) => statement.signoffs.some((signoff) => signoff.person === person))
}

function refused(reason: ActRefusal): ActOutcome {
  return { kind: 'refused', reason }
}
