import { STREAMS } from '@leadglass/sync-agent/contract'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type SyncEpoch, type SyncResealed, type SyncStatus, syncResealRequest } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import type { EpochRow, StatementRow } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import { instantOrNull } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const
const MOST_EPOCHS = 60

/** How the way to the hub stands, and a statement about an epoch when somebody wants to know now. */
export function syncRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, settings, prover } = context

  server.get('/api/sync', async (request): Promise<SyncStatus> => {
    requireRole(request, context, EVERYONE)
    const { quotas } = settings().sync
    const rows = records.sync.epochs(MOST_EPOCHS)
    return {
      classes: STREAMS.map((stream) => {
        const { envelopes, bytes } = records.sync.unsent(stream)
        const quota = stream === 'audit' || stream === 'labels' ? null : quotas[stream]
        return { stream, unsentEnvelopes: envelopes, unsentBytes: bytes, quota }
      }),
      rejected: records.sync.rejections().map(({ reported: _reported, firstAt, lastAt, ...row }) => ({
        ...row,
        firstAt: toIsoInstant(firstAt),
        lastAt: toIsoInstant(lastAt),
      })),
      refused: records.egress.openRefusals().map(({ since, ...row }) => ({ ...row, since: toIsoInstant(since) })),
      epochs: rows.map((row, index) => epochView(row, index > 0, context)),
    }
  })

  server.get('/api/sync/epochs/:epoch', async (request): Promise<SyncEpoch> => {
    requireRole(request, context, EVERYONE)
    const number = epochOf(request.params)
    const rows = records.sync.epochs(1_000_000)
    const row = rows.find((one) => one.epoch === number)
    if (row === undefined) throw new LocalApiError('not-found')
    return epochView(row, row.epoch !== rows[0]?.epoch, context)
  })

  server.post('/api/sync/epochs/:epoch/statement', async (request): Promise<{ serial: number }> => {
    requireRole(request, context, ADMINISTRATORS)
    const serial = prover?.request(epochOf(request.params))
    if (serial === undefined) throw new LocalApiError('not-found')
    return { serial }
  })

  server.post('/api/sync/reseal', async (request): Promise<SyncResealed> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { reason } = parse(syncResealRequest, request.body)
    const outcome = context.resealDesk?.reseal(actorOf(caller), reason)
    if (outcome?.kind !== 'resealed') throw new LocalApiError('nothing-to-reseal')
    return { epoch: outcome.epoch, envelopes: outcome.envelopes }
  })
}

function epochOf(params: unknown): number {
  const { epoch } = params as { readonly epoch: string }
  return /^[0-9]{1,7}$/.test(epoch) ? Number(epoch) : 0
}

function epochView({ epoch, openedAt, reason }: EpochRow, closed: boolean, { records }: LocalApiContext): SyncEpoch {
  const newest = records.sync.newestStatement(epoch)
  const first = newest === undefined ? undefined : (records.sync.statement(newest.run) ?? newest)
  return {
    epoch,
    openedAt: toIsoInstant(openedAt),
    reason,
    closed,
    verdict: newest === undefined || first === undefined ? 'none' : verdictOf(newest, first),
    serial: newest?.serial ?? null,
    envelopes: first?.envelopes ?? null,
    root: first?.root ?? null,
    hubEnvelopes: first?.hubEnvelopes ?? null,
    hubRoot: first?.hubRoot ?? null,
    differences: JSON.parse(named(newest, first)) as SyncEpoch['differences'],
    statedAt: instantOrNull(first?.sealedAt ?? null),
    answeredAt: instantOrNull(newest?.answeredAt ?? null),
  }
}

/** A later round that found nothing does not take back what the first one found. */
function verdictOf(newest: StatementRow, first: StatementRow): SyncEpoch['verdict'] {
  if (newest.verdict === 'asked' || newest.verdict === 'unanswered') return 'pending'
  return first.verdict === 'equal' ? 'equal' : 'unequal'
}

/** The narrowest ranges that are known to differ. */
function named(newest: StatementRow | undefined, first: StatementRow | undefined): string {
  const narrow = newest?.differences ?? '[]'
  return narrow === '[]' ? (first?.differences ?? '[]') : narrow
}
