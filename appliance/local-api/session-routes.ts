import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type LocalSession, signIn } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { COOKIE, cookieToken, parse } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import type { Caller } from './sessions.ts'

/** Sign-in, sign-out, and who is signed in. */
export function sessionRoutes(server: FastifyInstance, { sessions }: LocalApiContext): void {
  server.post('/api/session', async (request, reply): Promise<LocalSession> => {
    const { account, password } = parse(signIn, request.body)
    const { token, caller } = await sessions.open(account, password)
    // No `Secure`: the page is served without TLS on this machine; a proxy with TLS in front adds it.
    reply.header('set-cookie', `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`)
    return sessionView(caller)
  })

  server.get('/api/session', async (request): Promise<LocalSession> => {
    if (request.caller === null) throw new LocalApiError('not-signed-in')
    return sessionView(request.caller)
  })

  server.delete('/api/session', async (request, reply): Promise<{ done: true }> => {
    const token = cookieToken(request)
    if (token !== undefined) sessions.close(token)
    reply.header('set-cookie', `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`)
    return { done: true }
  })
}

function sessionView({ account, role, person, expiresAt }: Caller): LocalSession {
  return { account, role, person, expiresAt: expiresAt === null ? null : toIsoInstant(expiresAt) }
}
