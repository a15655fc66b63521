import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { ApprovalRecord } from '@leadglass/ui/contract/hub-api'
import { signatureCommitment } from '../../governance/index.ts'
import { renderPdf } from '../../print/index.ts'
import { ApiError } from '../errors.ts'
import { EVERYBODY, type HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'
import { approvalPaper } from '../views/approval-paper.ts'
import { timelineOf } from '../views/approval-timeline.ts'
import { approvalView, documentView, signaturesView } from '../views/approval-view.ts'
import { findProposal, orNotInitialised } from './approval-routes.ts'

/** What happened to an approval, and its record for programs and on paper. */
export function recordRoutes(services: HubServices): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/approvals/:approval/timeline',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const proposal = findProposal(services, params)
        return { steps: timelineOf(proposal, services.notes.of(proposal.id)) }
      },
    },
    {
      method: 'GET',
      url: '/api/approvals/:approval/record',
      roles: EVERYBODY,
      handle: async ({ params }) => recordOf(services, params),
    },
    {
      method: 'GET',
      url: '/api/approvals/:approval/record.pdf',
      roles: EVERYBODY,
      handle: async ({ params, reply }) => {
        const record = recordOf(services, params)
        const pdf = await renderPdf(approvalPaper(record))
        void reply
          .type('application/pdf')
          .header('content-disposition', `inline; filename="approval-${record.summary.approval}.pdf"`)
        return Buffer.from(pdf)
      },
    },
  ]
}

function recordOf(services: HubServices, params: unknown): ApprovalRecord {
  const proposal = findProposal(services, params)
  const releases = orNotInitialised(services.releases)
  const desk = orNotInitialised(services.signing)
  const summary = approvalView(proposal, releases.stateOf(proposal))
  const { signedBytes, version } = proposal
  if (summary === undefined || signedBytes === null || version === null) {
    throw new ApiError('not-found', 'the approval has not been submitted')
  }
  const shown = signaturesView(proposal)
  const checkpoint = services.audit.checkpoint()
  return {
    schema: 'leadglass.approval-record/1',
    summary,
    document: documentView(proposal, signedBytes, version, toIsoInstant(services.clock.now())),
    signatures: proposal.signatures.flatMap((signature, place) => {
      const visible = shown[place]
      if (visible === undefined) return []
      const index = desk.leafOf(proposal.id, signature.person)
      const { envelope, publicKey } = signature
      const log =
        index === undefined
          ? null
          : {
              index,
              commitment: signatureCommitment(signature),
              proof: services.audit.log.proofFile(index, checkpoint),
            }
      return [{ shown: visible, signature: signature.signature, envelope, publicKey, log }]
    }),
    steps: timelineOf(proposal, services.notes.of(proposal.id)),
  }
}
