import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type BreachFile,
  type BreachList,
  type BreachView,
  breachOpenRequest,
  breachStepRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type FiledCase, overdue } from '../breach/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'

const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** Cases of suspected breaches: opened by a person from what the audit log says, never by themselves. */
export function breachRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { breaches, clock, facts } = context
  const today = (): string => toIsoInstant(clock.now()).slice(0, 10)
  const found = (request: FastifyRequest): FiledCase => {
    const { number } = request.params as { readonly number: string }
    const filed = /^[0-9]{1,15}$/.test(number) ? breaches.find(Number(number)) : undefined
    if (filed === undefined) throw new LocalApiError('not-found')
    return filed
  }

  server.get('/api/breaches', async (request): Promise<BreachList> => {
    requireRole(request, context, ADMINISTRATORS)
    return { cases: breaches.list().map((filed) => viewOf(filed, today())) }
  })

  server.post('/api/breaches', async (request): Promise<{ case: number }> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const opened = breaches.open(parse(breachOpenRequest, request.body), actorOf(caller))
    if (opened.kind === 'unknown-entry') throw new LocalApiError('breach-entry-unknown')
    if (opened.kind === 'refused') throw new LocalApiError(`breach-${opened.reason}`)
    return { case: opened.id }
  })

  server.get('/api/breaches/:number', async (request): Promise<BreachView> => {
    requireRole(request, context, ADMINISTRATORS)
    return viewOf(found(request), today())
  })

  server.post('/api/breaches/:number/steps', async (request): Promise<BreachView> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const outcome = breaches.add(found(request).id, parse(breachStepRequest, request.body), actorOf(caller))
    if (outcome.kind === 'unknown-case') throw new LocalApiError('not-found')
    if (outcome.kind === 'unknown-entry') throw new LocalApiError('breach-entry-unknown')
    if (outcome.kind === 'refused') throw new LocalApiError(`breach-${outcome.reason}`)
    return viewOf(found(request), today())
  })

  server.get('/api/breaches/:number/file', async (request): Promise<BreachFile> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const filed = found(request)
    const subject = { kind: 'log', id: context.log.origin } as const
    const codes = [`case-${filed.id}`]
    context.audit.recordNow({ event: 'log.read', actor: actorOf(caller), subject, outcome: 'success', codes })
    const evidence = breaches.evidence(filed).map((one) => ({ ...one, event: one.event ?? null }))
    return { schema: 'leadglass.breach-case/1', device: facts.device, case: viewOf(filed, today()), evidence }
  })
}

function viewOf(filed: FiledCase, today: string): BreachView {
  const late = new Set(overdue(filed, today))
  return {
    case: filed.id,
    discoveredOn: filed.discoveredOn,
    summary: filed.summary,
    state: filed.closed ? 'closed' : filed.assessment === null ? 'open' : 'assessed',
    conclusion: filed.assessment?.conclusion ?? null,
    affected: filed.assessment?.affected ?? null,
    evidence: [...filed.evidence],
    duties: filed.duties.map((duty) => ({ ...duty, overdue: late.has(duty) })),
    steps: filed.steps.map(({ at, by, step }) => ({ at: toIsoInstant(at), by, step: { ...step } })),
  }
}
