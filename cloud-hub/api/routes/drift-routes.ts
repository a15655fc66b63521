import { driftSettlement } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'

const named = z.object({ alert: z.uuid() })

/** Distributions of the sites against the models' references, and what moved too far until somebody has looked. */
export function driftRoutes({ drift, driftAlerts }: HubServices): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/drift',
      roles: EVERYBODY,
      handle: async () => drift.view(),
    },
    {
      method: 'GET',
      url: '/api/drift/alerts',
      roles: EVERYBODY,
      handle: async () => ({ alerts: driftAlerts.list() }),
    },
    {
      method: 'POST',
      url: '/api/drift/alerts/:alert/settle',
      roles: MAKERS,
      handle: async ({ params, body, caller }) => {
        const { alert } = named.parse(params)
        const { reason } = driftSettlement.parse(body)
        if (!driftAlerts.settle(alert, actorOf(caller), reason)) {
          throw new ApiError('not-found', 'there is no such alert, or it is settled already')
        }
        return { alert }
      },
    },
  ]
}
