import { parseTilePath, readTile } from '@leadglass/sync-agent/audit-log'
import type { AuditDetailView, WitnessList } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { actorOf, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import type { Caller } from './sessions.ts'

/** The appliance's own log as C2SP tlog-tiles, its witnesses, and the details behind its commitments. */
export function tlogRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { log, checkpoints, records } = context

  server.get('/api/audit/tlog/checkpoint', async (request, reply) => {
    requireRole(request, context, ['technologist', 'radiologist', 'site-admin', 'operator'])
    void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache')
    return checkpoints.sign()
  })

  server.get<{ Params: { '*': string } }>('/api/audit/tlog/tile/*', async (request, reply) => {
    const tile = parseTilePath(`tile/${request.params['*']}`)
    const caller = requireRole(request, context, ['site-admin', 'operator'])
    const bytes = tile === undefined ? undefined : readTile(log, tile)
    if (tile === undefined || bytes === undefined) throw new LocalApiError('not-found')
    if (tile.kind === 'entries') recordRead(context, caller, 'tile')
    void reply.type('application/octet-stream').header('cache-control', 'private, max-age=604800, immutable')
    return Buffer.from(bytes)
  })

  server.get('/api/audit/witnesses', async (request): Promise<WitnessList> => {
    requireRole(request, context, ['technologist', 'radiologist', 'site-admin', 'operator'])
    const witnesses = records.details.witnesses().map(({ witness, size, at }) => ({
      witness,
      size,
      cosignedAt: new Date(at * 1000).toISOString(),
    }))
    return { origin: log.origin, size: log.size, witnesses, hubLog: context.hubLog?.state ?? null }
  })

  server.get<{ Params: { index: string } }>('/api/audit/details/:index', async (request): Promise<AuditDetailView> => {
    const caller = requireRole(request, context, ['site-admin', 'operator'])
    const index = /^\d{1,15}$/.test(request.params.index) ? Number(request.params.index) : -1
    const row = records.details.read(index)
    const leaf = log.leaf(index)
    if (row === undefined || leaf === undefined) throw new LocalApiError('not-found')
    recordRead(context, caller, 'detail')
    const cosigned = records.egress.newestCosignedCheckpoint()
    const note = cosigned !== undefined && cosigned.treeSize > index ? cosigned.note : checkpoints.sign()
    return {
      schema: 'leadglass.audit-detail/1',
      origin: log.origin,
      index,
      leaf: Buffer.from(leaf).toString('base64'),
      salt: Buffer.from(row.salt).toString('hex'),
      detail: JSON.parse(row.detail) as AuditDetailView['detail'],
      proof: log.proofFile(index, note),
    }
  })
}

function recordRead({ audit, log }: LocalApiContext, caller: Caller, code: string): void {
  const subject = { kind: 'log', id: log.origin } as const
  audit.recordNow({ event: 'log.read', actor: actorOf(caller), subject, outcome: 'success', codes: [code] })
}
