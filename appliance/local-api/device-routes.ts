import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type DestinationList,
  type DeviceStatus,
  type EgressList,
  egressQuery,
  type Health,
  type LocalModelList,
  modelStopRequest,
  replayRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { ActivationError } from '../activation/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { deviceStatusOf, modelListOf } from './device-views.ts'
import { LocalApiError } from './errors.ts'
import { envelopeView, instantOrNull } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const

/** Who answers for what the model says here: whoever reads its results, and whoever runs the site. */
const STOPPERS = ['radiologist', 'site-admin', 'operator'] as const

/** Health, the device, what leaves it, the models it runs and where results go. */
export function deviceRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, facts, freeSpace, audit, settings, deliveries, library } = context

  server.get('/api/health', async (): Promise<Health> => {
    const status = freeSpace.isLow() ? 'degraded' : 'ok'
    return { status, version: facts.softwareVersion }
  })

  server.get('/api/device', async (request): Promise<DeviceStatus> => {
    requireRole(request, context, EVERYONE)
    return deviceStatusOf(context)
  })

  server.get('/api/models', async (request): Promise<LocalModelList> => {
    requireRole(request, context, EVERYONE)
    return modelListOf(context)
  })

  server.post('/api/models/:name/rollback', async (request): Promise<LocalModelList> => {
    const caller = requireRole(request, context, ['site-admin', 'operator'])
    const { name } = request.params as { readonly name: string }
    const outcome = await library.rollBack(name, caller.person)
    if (outcome.kind === 'impossible') throw new LocalApiError('no-earlier-version')
    return modelListOf(context)
  })

  server.post('/api/models/:name/stop', async (request): Promise<LocalModelList> => {
    const caller = requireRole(request, context, STOPPERS)
    const { name } = request.params as { readonly name: string }
    const { reason } = parse(modelStopRequest, request.body)
    answering(() => context.stops.stop(name, reason, actorOf(caller)))
    return modelListOf(context)
  })

  server.post('/api/models/:name/start', async (request): Promise<LocalModelList> => {
    const caller = requireRole(request, context, STOPPERS)
    const { name } = request.params as { readonly name: string }
    const { reason } = parse(modelStopRequest, request.body)
    answering(() => context.stops.start(name, reason, actorOf(caller)))
    return modelListOf(context)
  })

  server.get('/api/egress', async (request): Promise<EgressList> => {
    requireRole(request, context, EVERYONE)
    const { study, limit } = parse(egressQuery, request.query)
    const studyId = study === undefined ? null : records.studies.find(study)?.studyId
    if (studyId === undefined) throw new LocalApiError('not-found')
    const refusals = new Map(records.egress.refusalCounts().map((row) => [`${row.epoch}/${row.stream}`, row.count]))
    const held = records.egress.heldDrift()
    return {
      streams: records.egress.counters().map((counter) => ({
        epoch: counter.epoch,
        stream: counter.stream,
        sealed: counter.lastSequence,
        relayed: counter.relayed,
        acknowledged: counter.acknowledged,
        refused: refusals.get(`${counter.epoch}/${counter.stream}`) ?? 0,
      })),
      heldCells: held.reduce((sum, row) => sum + row.cells, 0),
      heldCounts: held.reduce((sum, row) => sum + row.held, 0),
      held: records.heldEgress.totals(),
      envelopes: records.egress.newest(limit, studyId).map(envelopeView),
    }
  })

  server.get('/api/destinations', async (request): Promise<DestinationList> => {
    requireRole(request, context, EVERYONE)
    const counts = records.results.counts()
    return {
      destinations: settings().destinations.map((destination) => ({
        name: destination.name,
        protocol: destination.protocol,
        url: destination.url ?? null,
        aeTitle: destination.aeTitle,
        host: destination.host,
        port: destination.port,
        pending: counts.find((row) => row.destination === destination.name && row.state === 'pending')?.count ?? 0,
        dead: records.results.dead(destination.name, 200).map((row) => ({
          delivery: row.deliveryId,
          study: row.studyPseudonym,
          revision: row.revision,
          attempts: row.attempts,
          lastError: row.reason,
          at: instantOrNull(row.settledAt),
        })),
      })),
    }
  })

  server.post('/api/destinations/:name/replay', async (request): Promise<{ replayed: number }> => {
    const caller = requireRole(request, context, ['technologist', 'site-admin', 'operator'])
    const { name } = request.params as { readonly name: string }
    const { delivery } = parse(replayRequest, request.body ?? {})
    const destination = settings().destinations.find((one) => one.name === name)
    if (destination === undefined) throw new LocalApiError('not-found')
    const at = context.clock.now()
    const replayed = records.transaction(() => {
      const wanted =
        delivery === undefined ? records.results.dead(name, 10_000).map((row) => row.deliveryId) : [delivery]
      const done = wanted.filter((id) => records.results.replay(name, id, at)).length
      audit.record({
        event: 'result.retried',
        actor: actorOf(caller),
        subject: { kind: 'destination', id: name },
        outcome: done > 0 ? 'success' : 'failure',
        codes: [`deliveries-${done}`],
      })
      return done
    })
    deliveries.retryNow()
    return { replayed }
  })

  server.get('/api/events', async (request, reply) => {
    requireRole(request, context, EVERYONE)
    reply.hijack()
    const { raw } = reply
    raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    raw.write(`event: hello\ndata: {"at":"${toIsoInstant(context.clock.now())}"}\n\n`)
    const stop = context.events.listen((event) => {
      raw.write(`event: study\ndata: ${JSON.stringify(event)}\n\n`)
    })
    const beat = setInterval(() => {
      raw.write(': alive\n\n')
    }, 15_000)
    request.raw.on('close', () => {
      clearInterval(beat)
      stop()
    })
  })
}

/** The refusals of a stop or a start as the interface tells them. */
function answering(work: () => void): void {
  try {
    work()
  } catch (cause) {
    if (cause instanceof ActivationError) throw new LocalApiError(cause.code)
    throw cause
  }
}
