import type { HubRole } from '@leadglass/ui/contract/hub-api'
import type { FastifyRequest } from 'fastify'
import { type Caller, isToken } from './accounts/accounts.ts'
import { ApiError } from './errors.ts'
import type { HubServices } from './services.ts'

/** Name of the session cookie. */
export const SESSION_COOKIE = 'leadglass-hub'
/** A header that the hub's own pages send; a page of another origin cannot send it without being asked first. */
export const PAGE_HEADER = 'x-leadglass-page'

const TOKEN = /^[A-Za-z0-9_-]{20,200}$/

/** Who sends a request: the operator by bearer token, a person by session cookie; undefined for neither. */
export function callerOf(request: FastifyRequest, services: HubServices): Caller | undefined {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) {
    const operator = TOKEN.test(bearer) && isToken(bearer, services.operatorTokenDigest)
    return operator ? { account: 'operator', role: 'operator', session: null } : undefined
  }
  const token = cookieOf(request.headers.cookie ?? '', SESSION_COOKIE)
  return token !== undefined && TOKEN.test(token) ? services.accounts.callerOf(token) : undefined
}

/**
 * Lets a request in or throws: signed in, in a role that may, and, when a browser's cookie vouches for a change, from
 * the hub's own pages. Refusals of known people are written to the log.
 * @throws {ApiError} `not-signed-in`, `not-allowed`, `foreign-page`.
 */
export function admit(request: FastifyRequest, services: HubServices, roles: readonly HubRole[]): Caller {
  const caller = callerOf(request, services)
  if (caller === undefined) throw new ApiError('not-signed-in', 'nobody is signed in')
  if (!roles.includes(caller.role)) {
    services.audit.record({
      event: 'access.refused',
      actor: { kind: 'person', id: caller.account },
      subject: null,
      outcome: 'refused',
      codes: [caller.role],
    })
    throw new ApiError('not-allowed', `the role ${caller.role} does not allow this`)
  }
  assertOwnPage(request, caller)
  return caller
}

/** @throws {ApiError} `foreign-page` for a change that a cookie vouches for and that no page of the hub has sent. */
export function assertOwnPage(request: FastifyRequest, caller: Caller | undefined): void {
  if (request.method === 'GET' || request.method === 'HEAD' || caller?.role === 'operator') return
  if (request.headers[PAGE_HEADER] === undefined) {
    throw new ApiError('foreign-page', 'the request does not come from a page of this hub')
  }
}

function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name) return value
  }
  return undefined
}
