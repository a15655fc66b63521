import type { FastifyInstance } from 'fastify'
import { actorOf } from './access.ts'
import type { LocalApiContext } from './context.ts'

/**
 * Routes that show many studies or patients at once, and the code under which the log says so. Routes that show one
 * record it themselves, each time.
 */
export const LISTS_OF_STUDIES: Readonly<Record<string, string>> = {
  '/api/studies': 'worklist',
  '/api/quarantine': 'quarantine',
  '/api/corrections/merges': 'merges',
  '/api/deliveries': 'deliveries',
  '/api/deliveries/:delivery': 'delivery',
  '/api/egress/held': 'held-batches',
  '/api/egress/held/:batch': 'held-batch',
  '/api/holds': 'legal-holds',
  '/api/pixel-reviews': 'pixel-reviews',
  '/api/retention/plan': 'retention-plan',
  '/api/retention/purged': 'purged-studies',
  '/api/rules/held': 'held-studies',
  '/api/studies/:study/export': 'export-plan',
  '/api/studies/:study/explanations': 'explanations',
  '/api/breaches': 'breaches',
  '/api/breaches/:number': 'breach',
}

/** A page asks again every few seconds: that somebody looks at a list is written down this often. */
const EVERY_MS = 5 * 60_000
/** People and lists that are remembered; beyond that, a read is written down once more than needed. */
const MOST_REMEMBERED = 10_000

/** Writes a leaf before a list leaves: an answer that cannot be recorded is not given. */
export function recordListReads(server: FastifyInstance, { audit, clock }: LocalApiContext): void {
  const last = new Map<string, number>()
  server.addHook('onSend', async (request, reply) => {
    const list = LISTS_OF_STUDIES[request.routeOptions.url ?? '']
    const { caller } = request
    if (list === undefined || request.method !== 'GET' || reply.statusCode !== 200 || caller === null) return
    const actor = actorOf(caller)
    const key = `${actor.id} ${list}`
    const now = clock.now()
    if (now - (last.get(key) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return
    audit.recordNow({ event: 'study.listed', actor, subject: null, outcome: 'success', codes: [list] })
    if (last.size >= MOST_REMEMBERED) last.clear()
    last.set(key, now)
  })
}
