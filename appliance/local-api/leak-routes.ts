import { leakParameters } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'

/** A person who has looked at a suspected leak says so; what waits of the study can then be released. */
export function leakRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, audit, clock } = context

  server.post('/api/leaks/:alarm/settle', async (request): Promise<{ settled: true }> => {
    const caller = requireRole(request, context, ['site-admin', 'operator'])
    const { alarm } = parse(leakParameters, request.params)
    const actor = actorOf(caller)
    records.transaction(() => {
      const settled = records.leaks.settle(alarm, actor.id, clock.now())
      if (settled === undefined) throw new LocalApiError('not-found')
      const subject = { kind: 'study', id: settled.study } as const
      audit.record({ event: 'leak.settled', actor, subject, outcome: 'success' }, settled.studyId)
    })
    return { settled: true }
  })
}
