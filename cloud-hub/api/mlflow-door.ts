import { digestOf } from '@leadglass/sync-agent/foundation'
import type { FastifyRequest } from 'fastify'
import type { MlflowCaller } from '../mlflow-api/index.ts'
import { type Caller, isToken } from './accounts/accounts.ts'
import { MAKERS } from './route.ts'
import type { HubServices } from './services.ts'

/** Signed-in clients that are remembered, so that not every request of a script costs a password check. */
const REMEMBERED = 100

/**
 * Lets MLflow's clients in by what they can send: MLFLOW_TRACKING_TOKEN is the operator's token, MLFLOW_TRACKING_USERNAME
 * and _PASSWORD an account of the hub. Cookies do not count here: no page speaks this API.
 */
export function mlflowDoor(
  services: Pick<HubServices, 'accounts' | 'audit' | 'operatorTokenDigest'>,
): (request: FastifyRequest) => Promise<MlflowCaller | undefined> {
  const sessions = new Map<string, string>()
  const asCaller = ({ account, role }: Pick<Caller, 'account' | 'role'>): MlflowCaller => ({
    account,
    mayWrite: MAKERS.includes(role),
  })
  return async (request) => {
    const header = request.headers.authorization ?? ''
    if (header.length > 1000) return undefined
    const bearer = /^Bearer (\S+)$/.exec(header)?.[1]
    if (bearer !== undefined) {
      return isToken(bearer, services.operatorTokenDigest)
        ? asCaller({ account: 'operator', role: 'operator' })
        : undefined
    }
    const basic = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header)?.[1]
    if (basic === undefined) return undefined
    const key = digestOf(basic)
    const known = services.accounts.callerOf(sessions.get(key) ?? '')
    if (known !== undefined) return asCaller(known)
    sessions.delete(key)
    const [account = '', ...password] = Buffer.from(basic, 'base64').toString('utf8').split(':')
    const signedIn = await services.accounts.signIn(account, password.join(':')).catch(() => undefined)
    if (signedIn === undefined) return undefined
    const actor = { kind: 'person', id: account } as const
    services.audit.record({ event: 'session.opened', actor, subject: null, outcome: 'success', codes: [signedIn.role] })
    const [oldest] = sessions.keys()
    if (sessions.size >= REMEMBERED && oldest !== undefined) sessions.delete(oldest)
    sessions.set(key, signedIn.token)
    return asCaller({ account, role: signedIn.role })
  }
}
