import {
  type DeliveryItem,
  type DeliveryList,
  deliveryDropRequest,
  deliveryQuery,
  deliveryReplayRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import type { DeliveryRow } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { deliveryItemOf } from './delivery-views.ts'
import { LocalApiError } from './errors.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** Deliveries: what waits, what was given up and why; sending again, and giving up for good. */
export function deliveryRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, audit, clock, deliveries } = context

  const found = (delivery: string): DeliveryRow => {
    const row = /^[0-9]{1,15}$/.test(delivery) ? records.deliveries.find(Number(delivery)) : undefined
    if (row === undefined) throw new LocalApiError('not-found')
    return row
  }

  server.get('/api/deliveries', async (request): Promise<DeliveryList> => {
    requireRole(request, context, EVERYONE)
    return { deliveries: records.deliveries.list(parse(deliveryQuery, request.query)).map(deliveryItemOf) }
  })

  server.get('/api/deliveries/:delivery', async (request): Promise<DeliveryItem> => {
    requireRole(request, context, EVERYONE)
    return deliveryItemOf(found((request.params as { readonly delivery: string }).delivery))
  })

  server.post('/api/deliveries/replay', async (request): Promise<{ replayed: number }> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const wanted = parse(deliveryReplayRequest, request.body)
    const destination = 'delivery' in wanted ? found(String(wanted.delivery)).destination : wanted.destination
    const at = clock.now()
    const replayed = records.transaction(() => {
      const chosen =
        'delivery' in wanted
          ? [wanted.delivery]
          : records.deliveries.replayable(destination, 'since' in wanted ? Date.parse(wanted.since) : 0)
      const done = chosen.filter((delivery) => records.results.replay(destination, delivery, at)).length
      audit.record({
        event: 'result.retried',
        actor: actorOf(caller),
        subject: { kind: 'destination', id: destination },
        outcome: done > 0 ? 'success' : 'failure',
        codes: [`deliveries-${done}`],
      })
      return done
    })
    deliveries.retryNow()
    return { replayed }
  })

  server.post('/api/deliveries/:delivery/drop', async (request): Promise<{ dropped: true }> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const row = found((request.params as { readonly delivery: string }).delivery)
    const { reason } = parse(deliveryDropRequest, request.body)
    const actor = actorOf(caller)
    records.transaction(() => {
      if (!records.deliveries.drop(row.deliveryId, reason, actor.id, clock.now()))
        throw new LocalApiError('delivery-settled')
      audit.record({
        event: 'result.dropped',
        actor,
        subject: { kind: 'destination', id: row.destination },
        outcome: 'success',
        codes: [`delivery-${row.deliveryId}`, row.kind],
      })
    })
    return { dropped: true }
  })
}
