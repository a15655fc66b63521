import { TLSSocket } from 'node:tls'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type LocalSession, signIn } from '@leadglass/ui/contract/local-api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { COOKIE, cookieToken, parse } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import type { Caller } from './sessions.ts'

/** Sign-in, sign-out, and who is signed in. */
export function sessionRoutes(server: FastifyInstance, { sessions }: LocalApiContext): void {
  server.post('/api/session', async (request, reply): Promise<LocalSession> => {
    const { account, password } = parse(signIn, request.body)
    const { token, caller } = await sessions.open(account, password)
    reply.header('set-cookie', `${COOKIE}=${token}; ${attributesFor(request)}`)
    return sessionView(caller)
  })

  server.get('/api/session', async (request): Promise<LocalSession> => {
    if (request.caller === null) throw new LocalApiError('not-signed-in')
    return sessionView(request.caller)
  })

  server.delete('/api/session', async (request, reply): Promise<{ done: true }> => {
    const token = cookieToken(request)
    if (token !== undefined) sessions.close(token)
    reply.header('set-cookie', `${COOKIE}=; ${attributesFor(request)}; Max-Age=0`)
    return { done: true }
  })
}

/** `Secure` where the request came over TLS; on the plain port of this machine a browser would not send it back. */
function attributesFor({ raw }: FastifyRequest): string {
  const attributes = 'Path=/; HttpOnly; SameSite=Strict'
  return raw.socket instanceof TLSSocket ? `${attributes}; Secure` : attributes
}

function sessionView({ account, role, person, expiresAt }: Caller): LocalSession {
  return { account, role, person, expiresAt: expiresAt === null ? null : toIsoInstant(expiresAt) }
}
