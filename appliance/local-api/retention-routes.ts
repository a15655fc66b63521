import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type HoldList,
  holdRequest,
  liftRequest,
  type PurgeList,
  type RetentionPlanView,
  type RetentionRunView,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { RetentionError } from '../retention/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import { instantOrNull } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const
const MOST_LISTED = 500

/** What is kept how long, what has gone, and legal holds. */
export function retentionRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, retention, holds } = context

  server.get('/api/retention/plan', async (request): Promise<RetentionPlanView> => {
    requireRole(request, context, ADMINISTRATORS)
    const { due, kept, ...counts } = retention.plan()
    return { ...counts, kept: { ...kept }, due: due.map((one) => ({ ...one, since: toIsoInstant(one.since) })) }
  })

  server.post('/api/retention/run', async (request): Promise<RetentionRunView> => {
    requireRole(request, context, ADMINISTRATORS)
    return retention.run()
  })

  server.get('/api/retention/purged', async (request): Promise<PurgeList> => {
    requireRole(request, context, EVERYONE)
    return {
      purged: records.retention.purges(MOST_LISTED).map(({ purgedAt, settledAt, ...row }) => ({
        ...row,
        at: toIsoInstant(purgedAt),
        settledAt: instantOrNull(settledAt),
      })),
    }
  })

  server.get('/api/holds', async (request): Promise<HoldList> => {
    requireRole(request, context, EVERYONE)
    return {
      holds: holds.list(MOST_LISTED).map(({ holdId, placedAt, liftedAt, ...row }) => ({
        ...row,
        hold: holdId,
        placedAt: toIsoInstant(placedAt),
        liftedAt: instantOrNull(liftedAt),
      })),
    }
  })

  server.post('/api/holds', async (request): Promise<{ hold: number }> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const wanted = parse(holdRequest, request.body)
    if ('patient' in wanted) {
      return { hold: answering(() => holds.place({ patient: wanted.patient }, wanted.reason, actorOf(caller))) }
    }
    const study = records.studies.find(wanted.study)
    if (study === undefined) throw new LocalApiError('not-found')
    return { hold: answering(() => holds.place({ study }, wanted.reason, actorOf(caller))) }
  })

  server.post('/api/holds/:hold/lift', async (request): Promise<{ lifted: true }> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { hold } = request.params as { readonly hold: string }
    const { reason } = parse(liftRequest, request.body)
    answering(() => {
      holds.lift(/^[0-9]{1,15}$/.test(hold) ? Number(hold) : 0, reason, actorOf(caller))
    })
    return { lifted: true }
  })
}

/** The failures of the retention's room as the interface tells them. */
function answering<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof RetentionError) throw new LocalApiError(cause.code)
    throw cause
  }
}
