import { deviceId, personPseudonym } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import {
  lakeCompactionRequest,
  lakeErasureRequest,
  lakeQueryRequest,
  readerRevocation,
} from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { recordErasure } from '../../lake/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { snapshotView } from '../views/snapshot-view.ts'

const cited = z.object({ digest: sha256Hex })
const readerOf = z.object({ site: deviceId, reader: personPseudonym })

/** The lake: what lies in it, what datasets took of it, and what had to go. */
export function lakeRoutes({ lake, audit }: HubServices): HubRoute[] {
  return [
    { method: 'GET', url: '/api/lake', roles: EVERYBODY, handle: () => lake.status() },
    {
      method: 'GET',
      url: '/api/lake/snapshots',
      roles: EVERYBODY,
      handle: async () => ({ snapshots: lake.snapshots().map(snapshotView) }),
    },
    {
      method: 'GET',
      url: '/api/lake/snapshots/:digest/state',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const { digest } = cited.parse(params)
        const state = lake.snapshotState(digest)
        if (state === undefined) throw new ApiError('not-found', 'there is no such snapshot')
        return { digest, state }
      },
    },
    {
      method: 'POST',
      url: '/api/lake/verification',
      roles: EVERYBODY,
      handle: async ({ caller }) => {
        let files = 0
        const findings = await lake.verify((done) => {
          files = done
        })
        audit.record({
          event: 'lake.verified',
          actor: actorOf(caller),
          subject: null,
          outcome: findings.length === 0 ? 'success' : 'failure',
          codes: [`files-${files}`, `findings-${findings.length}`],
        })
        return { files, findings }
      },
    },
    {
      method: 'POST',
      url: '/api/lake/compaction',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { least } = lakeCompactionRequest.parse(body ?? {})
        await lake.catchUp()
        const report = await lake.compact(least)
        const codes = [`files-${report.before}`, `into-${report.after}`]
        audit.record({ event: 'lake.compacted', actor: actorOf(caller), subject: null, outcome: 'success', codes })
        return report
      },
    },
    {
      method: 'POST',
      url: '/api/lake/query',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { sql, limit } = lakeQueryRequest.parse(body)
        const said = { event: 'lake.queried', actor: actorOf(caller), subject: null } as const
        try {
          const answer = await lake.query(sql, limit)
          audit.record({ ...said, outcome: 'success', codes: [`rows-${answer.rows.length}`] })
          return answer
        } catch (error) {
          audit.record({ ...said, outcome: 'refused' })
          throw error
        }
      },
    },
    ...erasureRoutes(lake, audit),
    ...readerRoutes(lake, audit),
  ]
}

function erasureRoutes(lake: HubServices['lake'], audit: HubServices['audit']): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/lake/erasures',
      roles: EVERYBODY,
      handle: async () => ({ erasures: lake.erasures() }),
    },
    {
      method: 'POST',
      url: '/api/lake/erasures',
      // It cannot be taken back: only whoever runs the hub.
      roles: ['operator'],
      handle: async ({ body, caller }) => {
        const request = lakeErasureRequest.parse(body)
        const report = await lake.erase({ ...request, requestedBy: caller.account })
        recordErasure(audit, report)
        return report
      },
    },
  ]
}

function readerRoutes(lake: HubServices['lake'], audit: HubServices['audit']): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/lake/revoked-readers',
      roles: EVERYBODY,
      handle: async () => ({ readers: lake.revokedReaders.list() }),
    },
    {
      method: 'POST',
      url: '/api/lake/revoked-readers',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { site, reader, reason } = readerRevocation.parse(body)
        const outcome = lake.revokedReaders.revoke({ site, reader, reason, revokedBy: caller.account })
        if (outcome === 'unknown-site') throw new ApiError('not-found', 'no device of this name was ever enrolled')
        if (outcome === 'already') throw new ApiError('refused', 'labels of this reader do not count already')
        const subject = { kind: 'person', id: reader } as const
        audit.record({ event: 'reader.revoked', actor: actorOf(caller), subject, outcome: 'success' })
        return { site, reader }
      },
    },
    {
      method: 'DELETE',
      url: '/api/lake/revoked-readers/:site/:reader',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        const { site, reader } = readerOf.parse(params)
        if (!lake.revokedReaders.restore(site, reader)) throw new ApiError('not-found', 'this reader is not revoked')
        const subject = { kind: 'person', id: reader } as const
        audit.record({ event: 'reader.restored', actor: actorOf(caller), subject, outcome: 'success' })
        return { site, reader }
      },
    },
  ]
}
