import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type HeldBatchDetail,
  type HeldBatchList,
  type HeldBatchView,
  heldRefusalRequest,
  heldReleaseRequest,
  type StudyEgress,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { EgressError, type HeldBatch } from '../egress/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import { identityDetail } from './identity-detail.ts'
import { comparedFields } from './study-egress.ts'
import { envelopeView, instantOrNull } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const DECIDERS = ['site-admin', 'operator'] as const
const MOST_BATCHES = 200
const MOST_ENVELOPES = 10_000

/** What waits for a person, and what left about one study. */
export function egressRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, holdDesk, settings, audit } = context

  server.get('/api/egress/held', async (request): Promise<HeldBatchList> => {
    requireRole(request, context, EVERYONE)
    const { hold, holdStreams } = settings().egress
    return { hold, holdStreams, totals: holdDesk.totals(), batches: holdDesk.list(MOST_BATCHES).map(batchView) }
  })

  server.get('/api/egress/held/:batch', async (request): Promise<HeldBatchDetail> => {
    requireRole(request, context, EVERYONE)
    const batch = answering(() => holdDesk.batch(batchOf(request.params)))
    return {
      ...batchView(batch),
      envelopes: batch.envelopes.flatMap(({ stream, kind, body }) =>
        body === '' ? [] : [{ stream, kind, body: JSON.parse(body) as unknown }],
      ),
    }
  })

  server.post('/api/egress/held/:batch/release', async (request): Promise<{ envelopes: number }> => {
    const caller = requireRole(request, context, DECIDERS)
    const { digest } = parse(heldReleaseRequest, request.body)
    const batch = batchOf(request.params)
    return { envelopes: answering(() => holdDesk.release({ batch, digest, actor: actorOf(caller) })) }
  })

  server.post('/api/egress/held/:batch/refuse', async (request): Promise<{ envelopes: number }> => {
    const caller = requireRole(request, context, DECIDERS)
    const { digest, reason } = parse(heldRefusalRequest, request.body)
    const batch = batchOf(request.params)
    return { envelopes: answering(() => holdDesk.refuse({ batch, digest, reason, actor: actorOf(caller) })) }
  })

  server.get('/api/egress/studies/:study', async (request): Promise<StudyEgress> => {
    const caller = requireRole(request, context, EVERYONE)
    const { study: name } = request.params as { readonly study: string }
    const study = /^[0-9a-f]{32}$/.test(name) ? records.studies.find(name) : undefined
    if (study === undefined) throw new LocalApiError('not-found')
    audit.recordNow(
      {
        event: 'study.read',
        actor: actorOf(caller),
        subject: { kind: 'study', id: study.studyPseudonym },
        outcome: 'success',
        codes: [caller.role, 'egress'],
      },
      study.studyId,
      identityDetail(records, study),
    )
    // The leaves of the log about a study are in the log; here is what left about the study itself.
    const left = records.egress.newest(MOST_ENVELOPES, study.studyId).filter((row) => row.stream !== 'audit')
    const uid = records.vault.subject(study.studyId)?.studyInstanceUid ?? ''
    return {
      study: study.studyPseudonym,
      fields: comparedFields(study, uid, left),
      withheld: records.heldEgress.withheld(study.studyId),
      rejected: records.sync.rejectionsOfStudy(study.studyId),
      waiting: holdDesk.waitingOf(study.studyId).map(batchView),
      envelopes: left.map(envelopeView),
    }
  })
}

function batchOf(params: unknown): string {
  return (params as { readonly batch: string }).batch
}

function batchView(batch: HeldBatch): HeldBatchView {
  const kinds: Record<string, number> = {}
  for (const { kind } of batch.envelopes) kinds[kind] = (kinds[kind] ?? 0) + 1
  return {
    batch: batch.batchId,
    study: batch.studyPseudonym,
    state: batch.state,
    kinds,
    digest: batch.digest,
    openedAt: toIsoInstant(batch.openedAt),
    decidedAt: instantOrNull(batch.decidedAt),
    decidedBy: batch.decidedBy,
    reason: batch.reason,
  }
}

/** The failures of the hold as the interface tells them. */
function answering<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof EgressError) throw new LocalApiError(cause.code)
    throw cause
  }
}
