import { personIdentifier } from '@leadglass/sync-agent/contract'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type ApprovalSummary,
  approvalReason,
  approvalRequest,
  approvalWords,
  preparedSigning,
  signatureSubmission,
  signingRequest,
} from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { ReleaseService, ServiceOutcome } from '../../delivery/index.ts'
import { dsseEnvelope, type Proposal, type SigningDesk, type SigningRefusal } from '../../governance/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS, SIGNERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { approvalView, documentView } from '../views/approval-view.ts'
import { REFUSAL_WORDS } from '../views/refusal-words.ts'
import { findVersion } from './model-routes.ts'

const named = z.object({ approval: z.uuid() })
const DAY_MS = 86_400_000

type Caller = Parameters<typeof actorOf>[0]
type Words = 'approval.submitted' | 'approval.refused' | 'approval.withdrawn' | 'approval.changes-requested'

/** Approvals: put forward, read, discuss, sign, send back, reject, withdraw. */
export function approvalRoutes(services: HubServices): HubRoute[] {
  const { governance, audit } = services
  const releases = (): ReleaseService => orNotInitialised(services.releases)
  const desk = (): SigningDesk => orNotInitialised(services.signing)
  const find = (params: unknown): Proposal => findProposal(services, params)
  const view = (proposal: Proposal): ApprovalSummary | undefined => approvalView(proposal, releases().stateOf(proposal))
  const record = (
    event: Words,
    caller: Caller,
    proposal: string,
    outcome: ServiceOutcome,
  ): ApprovalSummary | undefined => {
    const refused = outcome.kind === 'refused'
    audit.record({
      event,
      actor: actorOf(caller),
      subject: { kind: 'approval', id: proposal },
      outcome: refused ? 'refused' : 'success',
      codes: refused ? [outcome.reason] : [],
    })
    if (refused) throw refusal(outcome.reason)
    return view(outcome.proposal)
  }
  return [
    {
      method: 'GET',
      url: '/api/approvals',
      roles: EVERYBODY,
      handle: async () => ({
        approvals: services.releases === undefined ? [] : governance.proposals().flatMap((one) => view(one) ?? []),
      }),
    },
    {
      method: 'GET',
      url: '/api/approvers',
      roles: EVERYBODY,
      handle: async () => ({ approvers: services.approvers }),
    },
    {
      method: 'GET',
      url: '/api/approvals/:approval',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const shown = view(find(params))
        if (shown === undefined) throw new ApiError('not-found', 'the approval has not been submitted')
        return shown
      },
    },
    {
      method: 'GET',
      url: '/api/approvals/:approval/document',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const proposal = find(params)
        const { signedBytes, version } = proposal
        if (signedBytes === null || version === null) throw new ApiError('not-found', 'nothing is to be signed yet')
        return documentView(proposal, signedBytes, version, toIsoInstant(services.clock.now()))
      },
    },
    {
      method: 'POST',
      url: '/api/approvals',
      roles: MAKERS,
      handle: async ({ body, caller, reply }) => {
        const request = approvalRequest.parse(body)
        const { model } = findVersion(services, request.name, request.version)
        const signoffs = request.signoffs.map(({ person, role, meaning }) => ({
          person: personIdentifier.parse(person),
          role,
          meaning,
        }))
        const previous = request.previous === undefined ? null : find({ approval: request.previous })
        if (previous !== null && previous.closed !== 'changes-requested') {
          throw new ApiError('refused', 'the approval that this one answers was not sent back')
        }
        const draft = await releases().draft(
          caller.account,
          [{ digest: model.digest, signoffs, withinPlan: request.withinPlan }],
          previous?.id ?? null,
        )
        const { dueInDays } = request
        const dueAt = dueInDays === undefined ? null : toIsoInstant(services.clock.now() + dueInDays * DAY_MS)
        void reply.status(201)
        return record('approval.submitted', caller, draft.id, await releases().submit(draft.id, caller.account, dueAt))
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/signing',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const { id } = find(params)
        const request = signingRequest.parse(body)
        // 21 CFR 11.100(a): a page signs for who is signed in. The operator's command only carries both components.
        if (caller.role !== 'operator' && caller.account !== request.person) throw refusal('key-not-yours')
        const prepared = await desk().begin({ proposal: id, ...request })
        if (prepared.kind === 'refused') throw refusal(prepared.reason)
        return preparedSigning.parse({
          act: prepared.act,
          signed: Buffer.from(prepared.signedBytes).toString('base64'),
          statement: Buffer.from(prepared.payload).toString('base64'),
          expiresAt: prepared.expiresAt,
        })
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/signatures',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const { id } = find(params)
        const { act, keyid, signature, statement } = signatureSubmission.parse(body)
        const approval = { keyid, signature, envelope: dsseEnvelope.parse(statement) }
        const person = caller.role === 'operator' ? null : caller.account
        const outcome = await desk().finish(person, act, approval, async (proposal, taken): Promise<ServiceOutcome> => {
          if (proposal !== id) return { kind: 'refused', reason: 'unknown-proposal' }
          return releases().accept(id, approval, taken)
        })
        if (outcome.kind === 'refused') {
          const subject = { kind: 'approval', id } as const
          const codes = [outcome.reason]
          audit.record({ event: 'approval.refused', actor: actorOf(caller), subject, outcome: 'refused', codes })
          throw refusal(outcome.reason)
        }
        if (outcome.state === 'published') published(services, outcome.proposal)
        return view(outcome.proposal)
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/review',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const proposal = find(params)
        const { words } = approvalWords.parse(body)
        const may = releases().mayReview(proposal, caller.account)
        if (may.kind === 'refused') throw refusal(may.reason)
        addNote(services, caller, proposal, 'review', words, null)
        return view(find(params))
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/comments',
      roles: [...SIGNERS, 'mlops', 'auditor'],
      handle: async ({ params, body, caller }) => {
        const proposal = find(params)
        const { words, replyTo } = approvalWords.parse(body)
        addNote(services, caller, proposal, 'comment', words, replyTo)
        return view(proposal)
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/changes',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const { id } = find(params)
        const { reason } = approvalReason.parse(body)
        const outcome = await releases().requestChanges(id, caller.account, reason)
        return record('approval.changes-requested', caller, id, outcome)
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/rejection',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const { id } = find(params)
        const { reason } = approvalReason.parse(body)
        return record('approval.refused', caller, id, await releases().reject(id, caller.account, reason))
      },
    },
    {
      method: 'DELETE',
      url: '/api/approvals/:approval',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        const { id } = find(params)
        return record('approval.withdrawn', caller, id, await releases().withdraw(id, caller.account))
      },
    },
  ]
}

/** The proposal that a path names. @throws {ApiError} `not-found` */
export function findProposal(services: Pick<HubServices, 'governance'>, params: unknown): Proposal {
  const proposal = services.governance.proposal(named.parse(params).approval)
  if (proposal === undefined) throw new ApiError('not-found', 'there is no such approval')
  return proposal
}

/** A service that only a hub after its key ceremony has. @throws {ApiError} `delivery-not-initialised` */
export function orNotInitialised<Part>(part: Part | undefined): Part {
  if (part !== undefined) return part
  throw new ApiError('delivery-not-initialised', 'the repository has not been set up')
}

function addNote(
  services: HubServices,
  caller: Caller,
  proposal: Proposal,
  kind: 'comment' | 'review',
  words: string,
  replyTo: number | null,
): void {
  const event = kind === 'comment' ? 'approval.commented' : 'approval.reviewed'
  const subject = { kind: 'approval', id: proposal.id } as const
  const added = services.notes.add(proposal.id, { kind, person: caller.account, words, replyTo }, () =>
    services.audit.record({ event, actor: actorOf(caller), subject, outcome: 'success' }),
  )
  if (!added) throw new ApiError('not-found', 'the comment that this one answers is not on this approval')
}

function published(services: HubServices, proposal: Proposal): void {
  const actor = { kind: 'system', id: 'hub.delivery' } as const
  for (const { model } of proposal.statements) {
    const subject = { kind: 'release', id: model.digest } as const
    services.audit.record({ event: 'release.published', actor, subject, outcome: 'success' })
  }
  services.announce()
}

function refusal(reason: SigningRefusal | Extract<ServiceOutcome, { kind: 'refused' }>['reason']): ApiError {
  return new ApiError('refused', `${REFUSAL_WORDS[reason]} (${reason})`)
}
