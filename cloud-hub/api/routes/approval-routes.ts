import { personIdentifier } from '@leadglass/sync-agent/contract'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type ApprovalSummary, approvalRequest, signatureSubmission } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { ReleaseService, ServiceOutcome } from '../../delivery/index.ts'
import { dsseEnvelope, type Proposal } from '../../governance/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS, SIGNERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { approvalView, documentView } from '../views/approval-view.ts'
import { REFUSAL_WORDS } from '../views/refusal-words.ts'
import { findVersion } from './model-routes.ts'

const named = z.object({ approval: z.uuid() })
const rejection = z.strictObject({ reason: z.string().trim().min(3).max(1000) })

/** Approvals: put forward, read, sign, reject, withdraw. */
export function approvalRoutes(services: HubServices): HubRoute[] {
  const { governance, audit } = services
  const releases = (): ReleaseService => {
    if (services.releases !== undefined) return services.releases
    throw new ApiError('delivery-not-initialised', 'the repository has not been set up')
  }
  const find = (params: unknown): Proposal => {
    const proposal = governance.proposal(named.parse(params).approval)
    if (proposal === undefined) throw new ApiError('not-found', 'there is no such approval')
    return proposal
  }
  const view = (proposal: Proposal): ApprovalSummary | undefined => approvalView(proposal, releases().stateOf(proposal))
  const record = (
    event: 'approval.submitted' | 'approval.signed' | 'approval.refused' | 'approval.withdrawn',
    caller: Parameters<typeof actorOf>[0],
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
    if (refused) throw new ApiError('refused', `${REFUSAL_WORDS[outcome.reason]} (${outcome.reason})`)
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
        const signoffs = request.signoffs.map(({ person, role }) => ({
          person: personIdentifier.parse(person),
          role,
          meaning: 'approval' as const,
        }))
        const draft = await releases().draft(caller.account, [{ digest: model.digest, signoffs }])
        void reply.status(201)
        return record('approval.submitted', caller, draft.id, await releases().submit(draft.id, caller.account))
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/signatures',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const { id } = find(params)
        const { keyid, signature, statement } = signatureSubmission.parse(body)
        const outcome = await releases().accept(id, { keyid, signature, envelope: dsseEnvelope.parse(statement) })
        const shown = record('approval.signed', caller, id, outcome)
        if (outcome.kind === 'done' && outcome.state === 'published') {
          const actor = { kind: 'system', id: 'hub.delivery' } as const
          for (const { model } of outcome.proposal.statements) {
            const subject = { kind: 'release', id: model.digest } as const
            audit.record({ event: 'release.published', actor, subject, outcome: 'success' })
          }
          services.announce()
        }
        return shown
      },
    },
    {
      method: 'POST',
      url: '/api/approvals/:approval/rejection',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const { id } = find(params)
        const { reason } = rejection.parse(body)
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
