import { type HubSession, passwordChange, signIn } from '@leadglass/ui/contract/hub-api'
import type { FastifyInstance } from 'fastify'
import { admit, assertOwnPage, SESSION_COOKIE } from './door.ts'
import { ApiError } from './errors.ts'
import { EVERYBODY } from './route.ts'
import type { HubServices } from './services.ts'

const COOKIE = `${SESSION_COOKIE}=`
const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict'

/** Sign-in, sign-out, and who is signed in. */
export function registerSession(app: FastifyInstance, services: HubServices): void {
  const { accounts, audit } = services

  app.post('/api/session', async (request, reply): Promise<HubSession> => {
    assertOwnPage(request, undefined)
    const { account, password } = signIn.parse(request.body)
    try {
      const { token, role } = await accounts.signIn(account, password)
      const actor = { kind: 'person', id: account } as const
      audit.record({ event: 'session.opened', actor, subject: null, outcome: 'success', codes: [role] })
      void reply.header('set-cookie', `${COOKIE}${token}; ${ATTRIBUTES}`)
      return { account, role }
    } catch (error) {
      // Unknown names are not written down: what was typed there may be a password.
      const known = accounts.has(account)
      audit.record({
        event: 'session.refused',
        actor: known ? { kind: 'person', id: account } : { kind: 'system', id: 'hub.api' },
        subject: null,
        outcome: 'refused',
        codes: [error instanceof ApiError ? error.code : 'unexpected'],
      })
      throw error
    }
  })

  app.get('/api/session', async (request): Promise<HubSession> => {
    const { account, role } = admit(request, services, EVERYBODY)
    return { account, role }
  })

  app.post('/api/session/password', async (request) => {
    const { account, session } = admit(request, services, EVERYBODY)
    const { password, newPassword } = passwordChange.parse(request.body)
    const record = (outcome: 'success' | 'refused'): void => {
      const actor = { kind: 'person', id: account } as const
      audit.record({ event: 'password.changed', actor, subject: actor, outcome })
    }
    try {
      await accounts.changePassword(account, password, newPassword, session)
    } catch (error) {
      record('refused')
      throw error
    }
    record('success')
    return { done: true }
  })

  app.delete('/api/session', async (request, reply) => {
    const { account, session } = admit(request, services, EVERYBODY)
    if (session !== null) accounts.signOut(session)
    audit.record({ event: 'session.closed', actor: { kind: 'person', id: account }, subject: null, outcome: 'success' })
    void reply.header('set-cookie', `${COOKIE}; ${ATTRIBUTES}; Max-Age=0`)
    return { done: true }
  })
}
