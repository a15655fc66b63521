import type { ApprovalStep } from '@leadglass/ui/contract/hub-api'
import type { ApprovalNote, Proposal } from '../../governance/index.ts'

/** How each ending is told. */
const ENDINGS: Readonly<Record<NonNullable<Proposal['closed']>, string>> = {
  published: 'Published to the devices.',
  rejected: 'Rejected.',
  withdrawn: 'Withdrawn.',
  superseded: 'Another list was published first; these bytes can no longer be signed.',
  'changes-requested': 'Sent back for changes.',
  expired: 'The deadline passed.',
}

/** Everything that happened to a proposal, oldest first. Follows from the record; nothing of it is stored twice. */
export function timelineOf(proposal: Proposal, notes: readonly ApprovalNote[]): ApprovalStep[] {
  const step = (at: string, kind: ApprovalStep['kind'], person: string, words: string): ApprovalStep => ({
    at,
    kind,
    person,
    words,
    note: null,
    replyTo: null,
  })
  const { submittedAt, closed, closedAt, closedBy, closedReason, author } = proposal
  const why = closedReason === null ? '' : ` ${closedReason}`
  return [
    ...(submittedAt === null ? [] : [step(submittedAt, 'submitted', author, 'Submitted.')]),
    ...notes.map(({ id, kind, person, at, words, replyTo }) => ({ at, kind, person, words, note: id, replyTo })),
    ...proposal.signatures.map(({ signedAt, person, printedName, role, meaning }) =>
      step(signedAt, 'signed', person, `Signed by ${printedName}, ${role}; meaning: ${meaning}.`),
    ),
    ...(closed === null || closedAt === null
      ? []
      : [step(closedAt, 'ended', closedBy ?? 'hub', `${ENDINGS[closed]}${why}`)]),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
}
