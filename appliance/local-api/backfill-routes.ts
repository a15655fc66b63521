import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type BackfillList, type BackfillView, backfillChange, backfillRequest } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { BackfillError, type BackfillProgress } from '../backfill/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import { instantOrNull } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const
const MOST_JOBS = 200

/** Models over past studies: what runs, how far it is, and who may start and stop it. */
export function backfillRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { backfills } = context
  if (backfills === undefined) return

  server.get('/api/backfills', async (request): Promise<BackfillList> => {
    requireRole(request, context, EVERYONE)
    return { backfills: backfills.list(MOST_JOBS).map(viewOf) }
  })

  server.get('/api/backfills/:job', async (request): Promise<BackfillView> => {
    requireRole(request, context, EVERYONE)
    return answering(() => backfills.find(jobOf(request.params)))
  })

  server.post('/api/backfills', async (request): Promise<BackfillView> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const wanted = parse(backfillRequest, request.body)
    return answering(() => backfills.start(wanted, actorOf(caller)))
  })

  server.post('/api/backfills/:job/state', async (request): Promise<BackfillView> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { act } = parse(backfillChange, request.body)
    return answering(() => backfills.change(jobOf(request.params), act, actorOf(caller)))
  })
}

function jobOf(params: unknown): number {
  const { job } = params as { readonly job?: unknown }
  if (typeof job !== 'string' || !/^[0-9]{1,15}$/.test(job)) throw new LocalApiError('not-found')
  return Number(job)
}

/** The failures of the desk as the interface tells them. */
function answering(work: () => BackfillProgress): BackfillView {
  try {
    return viewOf(work())
  } catch (cause) {
    if (cause instanceof BackfillError) throw new LocalApiError(cause.code)
    throw cause
  }
}

function viewOf({ job, counts, done, open, secondsLeft }: BackfillProgress): BackfillView {
  const studies = (outcome: string): number => counts.find((one) => one.outcome === outcome)?.studies ?? 0
  return {
    job: job.jobId,
    model: { name: job.modelName, version: job.modelVersion, digest: job.modelDigest },
    from: job.fromDate,
    to: job.toDate,
    modality: job.modality,
    window: `${job.windowFrom}-${job.windowTo}`,
    zone: job.zone,
    open,
    deliver: job.deliver === 1,
    state: job.state,
    reason: job.reason,
    total: job.total,
    done,
    scored: studies('scored'),
    notScored: studies('not-scored'),
    failed: studies('failed'),
    skipped: studies('skipped'),
    secondsLeft,
    createdAt: toIsoInstant(job.createdAt),
    finishedAt: instantOrNull(job.finishedAt),
  }
}
