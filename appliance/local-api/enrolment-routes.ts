import { anchorFingerprints } from '@leadglass/sync-agent/contract'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  anchorsConfirmation,
  type DesiredStateView,
  type EnrolmentView,
  joinHubRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { type EnrolmentView as DeskView, EnrolmentError } from '../enrolment/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** The box's way to its hub: joining, what it trusts, and what the hub wishes of it. */
export function enrolmentRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { enrolment, facts } = context

  server.get('/api/desired-state', async (request): Promise<DesiredStateView> => {
    requireRole(request, context, EVERYONE)
    return desiredView(context)
  })
  if (enrolment === undefined) return

  server.get('/api/enrolment', async (request): Promise<EnrolmentView> => {
    requireRole(request, context, EVERYONE)
    return viewOf(await enrolment.view(), facts.device)
  })

  server.post('/api/enrolment/join', async (request): Promise<{ id: string }> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const wish = parse(joinHubRequest, request.body)
    return answering(async () => ({ id: await enrolment.join(wish, actorOf(caller)) }))
  })

  server.post('/api/enrolment/anchors', async (request): Promise<EnrolmentView> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { fingerprint } = parse(anchorsConfirmation, request.body)
    await answering(() => enrolment.confirm(fingerprint, actorOf(caller)))
    return viewOf(await enrolment.view(), facts.device)
  })
}

/** The failures of the desk as the interface tells them. */
async function answering<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof EnrolmentError) throw new LocalApiError(cause.code)
    throw cause
  }
}

function viewOf({ agent, pinned, anchors }: DeskView, device: string): EnrolmentView {
  const join = agent?.join
  return {
    device,
    agent:
      agent === undefined
        ? null
        : {
            hubUrl: agent.hubUrl,
            certificate: agent.certificate,
            problem: agent.problem,
            join: join == null ? null : { state: join.state, problem: join.problem, at: join.at },
            at: agent.at,
          },
    anchors,
    offered: agent?.anchors == null ? null : anchorFingerprints(agent.anchors).all,
    pinned: { root: pinned.root, policy: pinned.policy, desiredKey: pinned.desiredKey },
  }
}

function desiredView({ records, settings, desiredState }: LocalApiContext): DesiredStateView {
  const row = records.desired.desired()
  const refused = desiredState?.refused ?? null
  return {
    hubMayDecide: [...settings().hubMayDecide],
    document:
      row === undefined
        ? null
        : {
            version: row.document.version,
            state: row.state,
            expiresAt: row.document.expiresAt,
            changedAt: toIsoInstant(row.changedAt),
            parts: row.parts.map((part) => ({ ...part, wish: row.document.sections[part.section] ?? null })),
          },
    unsigned: desiredState?.isUnsigned ?? false,
    refused: refused === null ? null : { ...refused, at: toIsoInstant(refused.at) },
  }
}
