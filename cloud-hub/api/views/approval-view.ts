import type { ReleaseStatement } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { ApprovalDocument, ApprovalSummary, ShownSignature } from '@leadglass/ui/contract/hub-api'
import type { ApprovalState, Proposal } from '../../governance/index.ts'

/** States of a proposal that has been put forward, in the words of the pages. */
const SHOWN: Readonly<Record<ApprovalState, ApprovalSummary['state'] | undefined>> = {
  draft: undefined,
  submitted: 'submitted',
  'in-review': 'in-review',
  'partially-signed': 'partially-signed',
  approved: 'approved',
  published: 'published',
  rejected: 'rejected',
  withdrawn: 'withdrawn',
  'changes-requested': 'changes-requested',
  expired: 'expired',
  // Another list was published first; for the people concerned this one is off the table.
  superseded: 'withdrawn',
}

/** A proposal as people see it; undefined for drafts and for mere renewals, which concern no version. */
export function approvalView(proposal: Proposal, state: ApprovalState): ApprovalSummary | undefined {
  const shown = SHOWN[state]
  const [release] = proposal.statements
  if (shown === undefined || release === undefined || proposal.submittedAt === null) return undefined
  return {
    approval: proposal.id,
    model: release.model,
    state: shown,
    author: proposal.author,
    submittedAt: proposal.submittedAt,
    dueAt: proposal.dueAt,
    previous: proposal.previous,
    ended:
      proposal.closedAt === null
        ? null
        : { at: proposal.closedAt, by: proposal.closedBy ?? 'hub', reason: proposal.closedReason },
    signoffs: release.signoffs,
    signatures: signaturesView(proposal),
  }
}

/** Signatures with printed name, time and meaning (21 CFR 11.50(a), shown as 11.50(b) asks). */
export function signaturesView(proposal: Proposal): ShownSignature[] {
  return proposal.signatures.map(({ person, printedName, role, meaning, signedAt, keyid }) => ({
    person,
    printedName,
    role,
    meaning,
    at: signedAt,
    keyid,
  }))
}

/** What an approver signs, in bytes and in words. */
export function documentView(
  proposal: Proposal,
  signedBytes: Uint8Array,
  listVersion: number,
  now: string,
): ApprovalDocument {
  return {
    approval: proposal.id,
    signed: Buffer.from(signedBytes).toString('base64'),
    digest: digestOf(signedBytes),
    version: listVersion,
    releases: proposal.statements.map(({ model, releaseCounter }) => ({ model, releaseCounter })),
    summary: [
      { name: 'List of approved models', value: `version ${listVersion}` },
      ...proposal.statements.flatMap(releaseLines),
    ],
    serverTime: now,
  }
}

function releaseLines(release: ReleaseStatement): ApprovalDocument['summary'] {
  const { model, rollbackOf, changeControl } = release
  return [
    { name: 'Model', value: `${model.name} ${model.version}` },
    { name: 'Package', value: `SHA-256 ${model.digest}` },
    { name: 'Release counter', value: String(release.releaseCounter) },
    { name: 'Made by', value: release.author },
    {
      name: 'To be signed by',
      value: release.signoffs.map((one) => `${one.person} (${one.role}, ${one.meaning})`).join('; '),
    },
    ...(rollbackOf === null
      ? []
      : [{ name: 'Brings back, in place of', value: `${rollbackOf.name} ${rollbackOf.version}` }]),
    ...(changeControl === undefined
      ? []
      : [
          { name: 'Within the plan for changes', value: `SHA-256 ${changeControl.plan}` },
          { name: 'As determined', value: `SHA-256 ${changeControl.determination}` },
        ]),
  ]
}
