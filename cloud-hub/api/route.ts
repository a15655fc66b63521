import type { HubRole } from '@leadglass/ui/contract/hub-api'
import type { FastifyReply } from 'fastify'
import type { Caller } from './accounts/accounts.ts'

/** A request that has passed the door. Params, query and body are not checked yet: each handler parses what it reads. */
export interface HubRequest {
  readonly caller: Caller
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly reply: FastifyReply
}

/** One route: who may use it, and what it answers. Whatever it returns is sent as JSON. */
export interface HubRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly roles: readonly HubRole[]
  /** The route changes what belongs to the caller alone, such as a saved view. */
  readonly own?: true
  readonly handle: (request: HubRequest) => Promise<unknown>
}

/** Everybody who has signed in may look. */
export const EVERYBODY: readonly HubRole[] = ['mlops', 'clinical-approver', 'technical-approver', 'auditor', 'operator']
/** Those who run models: import, train, submit, revoke. */
export const MAKERS: readonly HubRole[] = ['mlops', 'operator']
/** Those whose signatures are taken. The operator only carries them in: a signature speaks for its key. */
export const SIGNERS: readonly HubRole[] = ['clinical-approver', 'technical-approver', 'operator']
/** Those who take whole logs away. */
export const AUDITORS: readonly HubRole[] = ['auditor', 'operator']

/** The caller as an audit event names it. */
export function actorOf(caller: Caller): { readonly kind: 'person'; readonly id: string } {
  return { kind: 'person', id: caller.account }
}
