import { parseTilePath, readTile } from '@leadglass/sync-agent/audit-log'
import { deviceId } from '@leadglass/sync-agent/contract'
import type { FastifyInstance } from 'fastify'
import { deviceWitnessName } from '../audit/index.ts'
import { admit } from './door.ts'
import { ApiError } from './errors.ts'
import { AUDITORS, actorOf, EVERYBODY } from './route.ts'
import type { HubServices } from './services.ts'

/** C2SP tlog-witness bounds nothing; a checkpoint with 63 proof lines is far below. */
const BODY_LIMIT = 128 * 1024

/**
 * The logs as C2SP tlog-tiles, and the hub as a witness. Checkpoint and hashes of the hub's own log are open to anybody,
 * because its devices witness it; a site's log needs a sign-in, and entries an auditor, and are themselves recorded.
 */
export function registerTlog(app: FastifyInstance, services: HubServices): void {
  const { audit, mirror, fleet } = services
  const nothing = (): ApiError => new ApiError('not-found', 'there is nothing under this address')
  const siteOf = (name: string): ReturnType<typeof deviceId.parse> => {
    const parsed = deviceId.safeParse(name)
    if (!parsed.success || fleet.device(parsed.data) === undefined) throw nothing()
    return parsed.data
  }

  app.get<{ Params: { log: string } }>('/tlog/:log/checkpoint', async (request, reply) => {
    const { log } = request.params
    void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache')
    if (log === 'hub') return audit.checkpoint()
    admit(request, services, EVERYBODY)
    const cosigned = mirror.lastCosigned(siteOf(log))
    if (cosigned === null) throw nothing()
    return cosigned
  })

  // Whoever witnesses the hub's log may see what the others have confirmed: a split view has no cosignature to show.
  app.get<{ Params: { device: string } }>('/tlog/hub/cosigned/:device', async (request, reply) => {
    const witness = deviceWitnessName(siteOf(request.params.device))
    const size = audit.cosignatures.cosignedSize(witness)
    if (size === 0) throw nothing()
    void reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache')
    return audit.checkpointAt(size)
  })

  app.get<{ Params: { log: string; '*': string } }>('/tlog/:log/tile/*', async (request, reply) => {
    const { log: name, '*': rest } = request.params
    const tile = parseTilePath(`tile/${rest}`)
    const isOpen = name === 'hub' && tile?.kind !== 'entries'
    const caller = isOpen ? undefined : admit(request, services, tile?.kind === 'entries' ? AUDITORS : EVERYBODY)
    const log = name === 'hub' ? audit.log : mirror.mirror(siteOf(name))
    const bytes = tile === undefined ? undefined : readTile(log, tile)
    if (tile === undefined || bytes === undefined) throw nothing()
    if (caller !== undefined && tile.kind === 'entries') {
      const subject = { kind: 'log', id: log.origin } as const
      audit.record({ event: 'log.read', actor: actorOf(caller), subject, outcome: 'success', codes: ['tile'] })
    }
    // A tile never changes. Hashes of the open log may be kept by anybody, everything else only by who was let in.
    const scope = isOpen ? 'public' : 'private'
    void reply.type('application/octet-stream').header('cache-control', `${scope}, max-age=604800, immutable`)
    return Buffer.from(bytes)
  })

  registerWitness(app, services)
}

function registerWitness(app: FastifyInstance, { audit, witness, alarms }: HubServices): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_request, body, done) => {
      done(null, body)
    })
    // A checkpoint is signed by its log, and a cosignature by its witness: neither needs another sign-in.
    scope.post('/witness/add-checkpoint', async (request, reply) => {
      const answer = await witness.addCheckpoint(typeof request.body === 'string' ? request.body : '')
      return reply.status(answer.status).type(answer.contentType).send(answer.body)
    })
    scope.post('/tlog/hub/cosignatures', async (request, reply) => {
      const taken = audit.cosignatures.take(typeof request.body === 'string' ? request.body : '')
      // Signed by a pinned device: it was shown another log under this hub's name and key.
      if (taken.kind === 'refused' && taken.reason === 'diverged') alarms.raise(taken.device, 'audit-hub-diverged', 1)
      const status = taken.kind === 'kept' ? 200 : taken.reason === 'diverged' ? 409 : 403
      return reply.status(status).send(taken)
    })
  })
}
