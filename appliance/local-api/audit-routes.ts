import { readCheckpoint } from '@leadglass/sync-agent/audit-log'
import type { AuditFeedList, LogCheckpoint, LogExport } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { actorOf, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import type { Caller } from './sessions.ts'

/** The audit log for people who verify it: the newest checkpoint, and the whole log. */
export function auditRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { log } = context

  server.get('/api/audit/checkpoint', async (request): Promise<LogCheckpoint> => {
    requireRole(request, context, ['technologist', 'radiologist', 'site-admin', 'operator'])
    return checkpointOf(context)
  })

  server.get('/api/audit/feeds', async (request): Promise<AuditFeedList> => {
    requireRole(request, context, ['site-admin', 'operator'])
    return { feeds: context.auditFeeds?.views() ?? [] }
  })

  server.get('/api/audit/export', async (request): Promise<LogExport> => {
    const caller = requireRole(request, context, ['site-admin', 'operator'])
    recordRead(context, caller)
    const checkpoint = checkpointOf(context)
    const leaves = [...log.leaves(0, checkpoint.size)].map((leaf) => Buffer.from(leaf).toString('base64'))
    return { schema: 'leadglass.log-export/1', checkpoint, leaves }
  })
}

function recordRead({ audit, log }: LocalApiContext, caller: Caller): void {
  const subject = { kind: 'log', id: log.origin } as const
  audit.recordNow({ event: 'log.read', actor: actorOf(caller), subject, outcome: 'success', codes: ['export'] })
}

/** A checkpoint of the log as it is now, and the newest that the hub has cosigned. */
function checkpointOf({ log, checkpoints, records }: LocalApiContext): LogCheckpoint {
  const note = checkpoints.sign()
  const size = readCheckpoint(note)?.size ?? log.size
  return {
    origin: log.origin,
    size,
    root: Buffer.from(log.root(size)).toString('base64'),
    note,
    cosigned: records.egress.newestCosignedCheckpoint()?.note ?? null,
  }
}
