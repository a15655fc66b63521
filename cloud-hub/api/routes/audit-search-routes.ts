import { Readable } from 'node:stream'
import { deviceId } from '@leadglass/sync-agent/contract'
import {
  type AuditMatchesView,
  type AuditRetentionView,
  auditQuery,
  newLogHold,
  type SavedViewList,
  savedView,
} from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { type AuditQuery, HUB_LOG_ORIGIN, RETENTION_YEARS, siteLogOrigin } from '../../audit/index.ts'
import { ApiError } from '../errors.ts'
import { AUDITORS, actorOf, EVERYBODY, type HubRequest, type HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'

const page = z.object({
  after: z
    .string()
    .regex(/^\d{1,12}-\d{1,15}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
const exported = auditQuery.extend({ log: auditQuery.shape.log.unwrap() })
const viewParams = z.object({ view: savedView.shape.name })
const holdParams = z.object({ hold: z.coerce.number().int().min(1) })
const empty = z.strictObject({}).optional()

/** Search, saved views and exports of the logs. A view belongs to the person who saved it and changes nothing else. */
export function auditSearchRoutes(services: HubServices): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/audit/search',
      roles: EVERYBODY,
      handle: async (request): Promise<AuditMatchesView> => {
        const { after, limit, ...asked } = z
          .object({ ...page.shape, ...auditQuery.shape })
          .strict()
          .parse(request.query)
        const query = queryOf(asked)
        const [at, entry] = (after ?? '').split('-').map(Number)
        const cursor = at === undefined || entry === undefined ? null : { at, entry }
        const found = services.auditDesk.index.search(query, cursor, limit)
        // After the search, so that nobody finds the trace of looking for it; each page is an act of reading.
        readOf(services, request, query, 'search')
        return {
          entries: found.entries.map((one) => ({ ...one, log: logOf(one.origin) })),
          next: found.next === null ? null : `${found.next.at}-${found.next.entry}`,
          waiting: found.waiting,
        }
      },
    },
    {
      method: 'GET',
      url: '/api/audit/archive',
      roles: AUDITORS,
      handle: async (request) => {
        const query = queryOf(exported.parse(request.query))
        readOf(services, request, query, 'export')
        const signed = services.auditDesk.logs.of(query.origin ?? '')
        if (signed === undefined) throw new ApiError('not-found', 'no checkpoint of this log has been cosigned yet')
        const { bytes, content } = await services.auditDesk.archive(signed, query)
        void request.reply
          .type('application/x-tar')
          .header('content-length', bytes)
          .header('content-disposition', `attachment; filename="${logOf(signed.log.origin)}-audit-${signed.size}.tar"`)
        return Readable.from(content)
      },
    },
    {
      method: 'GET',
      url: '/api/audit/verifier',
      roles: EVERYBODY,
      handle: async ({ reply }) => {
        void reply
          .type('text/javascript; charset=utf-8')
          .header('content-disposition', 'attachment; filename=verify.mjs')
        return services.auditDesk.verifier()
      },
    },
    ...viewRoutes(services),
    ...retentionRoutes(services),
  ]
}

function viewRoutes(services: HubServices): HubRoute[] {
  const listOf = (account: string): SavedViewList => ({
    views: services.auditDesk.views.list(account).map(({ name, query, savedAt }) => ({
      name,
      query: auditQuery.parse(JSON.parse(query)),
      savedAt,
    })),
  })
  return [
    {
      method: 'GET',
      url: '/api/audit/views',
      roles: EVERYBODY,
      handle: async ({ caller }) => listOf(caller.account),
    },
    {
      method: 'POST',
      url: '/api/audit/views',
      roles: EVERYBODY,
      own: true,
      handle: async ({ caller, body }) => {
        const { name, query } = savedView.parse(body)
        const saved = services.auditDesk.views.save(caller.account, name, JSON.stringify(query))
        if (!saved) throw new ApiError('refused', 'this account has saved as many views as it may')
        return listOf(caller.account)
      },
    },
    {
      method: 'DELETE',
      url: '/api/audit/views/:view',
      roles: EVERYBODY,
      own: true,
      handle: async ({ caller, params }) => {
        const removed = services.auditDesk.views.remove(caller.account, viewParams.parse(params).view)
        if (!removed) throw new ApiError('not-found', 'there is no view of this name')
        return listOf(caller.account)
      },
    },
  ]
}

function retentionRoutes(services: HubServices): HubRoute[] {
  const shown = (): AuditRetentionView => ({
    years: RETENTION_YEARS,
    epochs: [...services.auditDesk.retention.epochs()],
    holds: [...services.auditDesk.retention.holds()],
  })
  return [
    {
      method: 'GET',
      url: '/api/audit/retention',
      roles: EVERYBODY,
      handle: async () => shown(),
    },
    {
      method: 'POST',
      url: '/api/audit/holds',
      roles: ['operator'],
      handle: async ({ caller, body }) => {
        const { log, year, reason } = newLogHold.parse(body)
        const origin = log === null ? null : originOf(log)
        return { hold: services.auditDesk.retention.place({ origin, year, reason }, actorOf(caller)) }
      },
    },
    {
      method: 'POST',
      url: '/api/audit/holds/:hold/lift',
      roles: ['operator'],
      handle: async ({ caller, params }) => {
        const lifted = services.auditDesk.retention.lift(holdParams.parse(params).hold, actorOf(caller))
        if (!lifted) throw new ApiError('not-found', 'there is no such hold in force')
        return { lifted: true }
      },
    },
    {
      method: 'POST',
      url: '/api/audit/prune',
      roles: ['operator'],
      handle: async ({ caller, body }) => {
        empty.parse(body)
        return { pruned: [...services.auditDesk.retention.prune(actorOf(caller))] }
      },
    },
  ]
}

function readOf({ audit }: HubServices, { caller }: HubRequest, query: AuditQuery, act: string): void {
  const narrowed = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`by-${name}`]))
  const subject = query.origin === undefined ? null : ({ kind: 'log', id: query.origin } as const)
  audit.record({ event: 'log.read', actor: actorOf(caller), subject, outcome: 'success', codes: [act, ...narrowed] })
}

function queryOf({ log, from, until, ...rest }: z.infer<typeof auditQuery>): AuditQuery {
  return {
    ...rest,
    origin: log === undefined ? undefined : originOf(log),
    from: from === undefined ? undefined : Date.parse(from) / 1000,
    until: until === undefined ? undefined : Date.parse(until) / 1000 + 86_399,
  }
}

function originOf(log: string): string {
  return log === 'hub' ? HUB_LOG_ORIGIN : siteLogOrigin(deviceId.parse(log))
}

function logOf(origin: string): string {
  return /^leadglass\/([^/]+)\/audit$/.exec(origin)?.[1] ?? origin
}
