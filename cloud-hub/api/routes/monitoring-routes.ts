import { monitoringSettlement, performanceReferenceRequest } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { AlertBook } from '../../performance/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'

const named = z.object({ alert: z.uuid() })
const wished = z.object({
  model: z.string().max(64).optional(),
  version: z.string().max(32).optional(),
  device: z.string().max(64).optional(),
})

/** How versions perform in use, with labels and without, whether they serve groups equally, and what to look at. */
export function monitoringRoutes({ performance, fairness }: HubServices): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/performance',
      roles: EVERYBODY,
      handle: async ({ query }) => ({ views: performance.views(wishOf(query)) }),
    },
    {
      method: 'POST',
      url: '/api/performance/references',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { cases, ...request } = performanceReferenceRequest.parse(body)
        const labelled = cases.map(([score, side, label]) => ({ score, positive: side === 1, label }))
        return { digest: performance.takeReference({ ...request, cases: labelled }, actorOf(caller)) }
      },
    },
    ...alertRoutes('/api/performance/alerts', () => performance.alerts),
    {
      method: 'GET',
      url: '/api/fairness',
      roles: EVERYBODY,
      handle: async ({ query }) => ({ views: fairness.views(wishOf(query)) }),
    },
    ...alertRoutes('/api/fairness/alerts', () => fairness.alerts),
  ]
}

function alertRoutes(url: string, alerts: () => Pick<AlertBook, 'list' | 'settle'>): HubRoute[] {
  return [
    { method: 'GET', url, roles: EVERYBODY, handle: async () => ({ alerts: alerts().list() }) },
    {
      method: 'POST',
      url: `${url}/:alert/settle`,
      roles: MAKERS,
      handle: async ({ params, body, caller }) => {
        const { alert } = named.parse(params)
        const { reason } = monitoringSettlement.parse(body)
        if (!alerts().settle(alert, actorOf(caller), reason)) {
          throw new ApiError('not-found', 'there is no such alert, or it is settled already')
        }
        return { alert }
      },
    },
  ]
}

function wishOf(query: unknown): { readonly model?: string; readonly version?: string; readonly device?: string } {
  const { model, version, device } = wished.parse(query)
  return {
    ...(model === undefined ? {} : { model }),
    ...(version === undefined ? {} : { version }),
    ...(device === undefined ? {} : { device }),
  }
}
