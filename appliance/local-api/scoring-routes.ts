import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type ScoringTokenList, type ScoringTokenMade, scoringTokenRequest } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { scoringApiRoutes } from '../scoring-api/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import { instantOrNull } from './views.ts'

const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** The scoring interface for programs, and who of them has a token. */
export async function scoringRoutes(server: FastifyInstance, context: LocalApiContext): Promise<void> {
  const { scoringApi } = context
  if (scoringApi === undefined) return
  const { tokens } = scoringApi

  server.get('/api/scoring/tokens', async (request): Promise<ScoringTokenList> => {
    requireRole(request, context, ADMINISTRATORS)
    return listOf(tokens.list())
  })

  server.post('/api/scoring/tokens', async (request): Promise<ScoringTokenMade> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { name } = parse(scoringTokenRequest, request.body)
    const token = tokens.create(name, actorOf(caller))
    if (token === undefined) throw new LocalApiError('scoring-token-exists')
    return { name, token }
  })

  server.delete('/api/scoring/tokens/:name', async (request): Promise<ScoringTokenList> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { name } = parse(scoringTokenRequest, request.params)
    if (!tokens.revoke(name, actorOf(caller))) throw new LocalApiError('not-found')
    return listOf(tokens.list())
  })

  await server.register((scope) => scoringApiRoutes(scope, scoringApi), { prefix: '/scoring/v1' })
}

function listOf(
  rows: readonly { readonly name: string; readonly createdAt: number; readonly revokedAt: number | null }[],
): ScoringTokenList {
  return {
    tokens: rows.map(({ name, createdAt, revokedAt }) => ({
      name,
      createdAt: toIsoInstant(createdAt),
      revokedAt: instantOrNull(revokedAt),
    })),
  }
}
