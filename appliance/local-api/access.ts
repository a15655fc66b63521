import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { LocalApiContext } from './context.ts'
import { LocalApiError } from './errors.ts'
import type { Caller } from './sessions.ts'

/** Name of the session cookie. */
export const COOKIE = 'leadglass-session'

/** Requests that need no sign-in. */
const OPEN = new Set(['GET /api/health', 'POST /api/session', 'DELETE /api/session'])

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null on the few open routes when nobody is signed in. */
    caller: Caller | null
  }
}

/** Puts the caller on every request to `/api`, and turns away whoever is nobody. */
export function guardApi(server: FastifyInstance, { sessions }: LocalApiContext): void {
  server.decorateRequest('caller', null)
  server.addHook('onRequest', async (request) => {
    const [path = ''] = request.url.split('?')
    if (!path.startsWith('/api/')) return
    const caller = callerOf(request, sessions)
    request.caller = caller ?? null
    // A page of another address can make a browser send requests, but not without saying where it comes from.
    if (request.method !== 'GET' && request.method !== 'HEAD' && isForeign(request)) {
      throw new LocalApiError('foreign-origin')
    }
    if (caller === undefined && !OPEN.has(`${request.method} ${path}`)) throw new LocalApiError('not-signed-in')
  })
}

/** The signed-in caller, when one of these roles is held. The operator may do what a site administrator may. */
export function requireRole(
  request: FastifyRequest,
  { audit }: Pick<LocalApiContext, 'audit'>,
  roles: readonly Caller['role'][],
): Caller {
  const caller = request.caller
  if (caller === null) throw new LocalApiError('not-signed-in')
  const allowed = roles.includes(caller.role) || (caller.role === 'operator' && roles.includes('site-admin'))
  if (allowed) return caller
  audit.recordNow({
    event: 'access.refused',
    actor: actorOf(caller),
    subject: null,
    outcome: 'refused',
    codes: [caller.role],
  })
  throw new LocalApiError('not-allowed')
}

/** How a caller stands in the audit log. */
export function actorOf(caller: Caller): { readonly kind: 'person' | 'system'; readonly id: string } {
  return caller.person === null ? { kind: 'system', id: 'operator' } : { kind: 'person', id: caller.person }
}

/** Parses what a request brings. @throws {LocalApiError} `bad-request`. */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new LocalApiError('bad-request')
  return parsed.data
}

/** The session token of a request's cookie. */
export function cookieToken(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === COOKIE && value !== undefined && /^[\w-]{20,64}$/.test(value)) return value
  }
  return undefined
}

function callerOf(request: FastifyRequest, sessions: LocalApiContext['sessions']): Caller | undefined {
  const bearer = /^Bearer ([\w-]{20,128})$/.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return sessions.operator(bearer)
  const token = cookieToken(request)
  return token === undefined ? undefined : sessions.find(token)
}

function isForeign(request: FastifyRequest): boolean {
  const origin = request.headers.origin
  if (origin === undefined) return false
  try {
    return new URL(origin).host !== request.headers.host
  } catch {
    return true
  }
}
