import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type AccessionAnswer,
  accessionRequest,
  type MergeAnswer,
  type MergeList,
  mergeRequest,
  undoRequest,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { type Correction, CorrectionError } from '../corrections/index.ts'
import type { MergeRow } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import type { Caller } from './sessions.ts'
import { instantOrNull } from './views.ts'

const MAY_CORRECT = ['technologist', 'site-admin'] as const
const MOST_MERGES = 500

/** Merges of patients and corrections of accession numbers. Numbers of patients stand in bodies, never in an address. */
export function correctionRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, corrections } = context

  server.get('/api/corrections/merges', async (request): Promise<MergeList> => {
    requireRole(request, context, MAY_CORRECT)
    return { merges: records.corrections.merges(MOST_MERGES).map(mergeView) }
  })

  server.post('/api/corrections/merges', async (request): Promise<MergeAnswer> => {
    const caller = requireRole(request, context, MAY_CORRECT)
    const { from, to, issuer, name, birthDate, sex, reason } = parse(mergeRequest, request.body)
    const [answer] = answering(() =>
      corrections.merge(
        [{ from: { issuer, id: from }, to: { issuer, id: to }, name, birthDate, sex }],
        correctionBy(caller, reason),
      ),
    )
    if (answer === undefined) throw new LocalApiError('internal')
    return { merge: answer.mergeId, known: answer.known, studies: answer.studies }
  })

  server.post('/api/corrections/merges/:merge/undo', async (request): Promise<MergeAnswer> => {
    const caller = requireRole(request, context, MAY_CORRECT)
    const { reason } = parse(undoRequest, request.body)
    const name = (request.params as { readonly merge?: unknown }).merge
    if (typeof name !== 'string' || !/^\d{1,15}$/.test(name)) throw new LocalApiError('not-found')
    const answer = answering(() => corrections.undoMerge(Number(name), correctionBy(caller, reason)))
    return { merge: answer.mergeId, known: answer.known, studies: answer.studies }
  })

  server.post('/api/studies/:study/accession', async (request): Promise<AccessionAnswer> => {
    const caller = requireRole(request, context, MAY_CORRECT)
    const { accession, reason } = parse(accessionRequest, request.body)
    const name = (request.params as { readonly study?: unknown }).study
    const study = typeof name === 'string' && /^[0-9a-f]{32}$/.test(name) ? records.studies.find(name) : undefined
    if (study === undefined) throw new LocalApiError('not-found')
    const by = correctionBy(caller, reason)
    return { revision: answering(() => corrections.correctAccession(study.studyId, accession, by)) }
  })
}

function correctionBy(caller: Caller, reason: string): Correction {
  return { actor: actorOf(caller), source: 'person', reason }
}

function answering<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (!(cause instanceof CorrectionError)) throw cause
    if (cause.code === 'unknown-merge') throw new LocalApiError('not-found')
    if (cause.code === 'unchanged' || cause.code === 'undone-before') throw new LocalApiError('correction-unchanged')
    throw new LocalApiError('correction-refused')
  }
}

function mergeView(row: MergeRow): MergeList['merges'][number] {
  return {
    merge: row.mergeId,
    from: row.fromId,
    fromIssuer: row.fromIssuer,
    to: row.toId,
    toIssuer: row.toIssuer,
    source: row.source,
    by: row.actor,
    reason: row.reason,
    at: toIsoInstant(row.recordedAt),
    undoneBy: row.undoneBy,
    undoneReason: row.undoneReason,
    undoneAt: instantOrNull(row.undoneAt),
  }
}
