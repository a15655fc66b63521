import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  officersSubmission,
  type RecallListView,
  recallRequest,
  recallSubmission,
} from '@leadglass/ui/contract/hub-api'
import type { RecallService } from '../../delivery/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, SIGNERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { findVersion } from './model-routes.ts'

/** Recalls: who may, what is stopped, and the two halves of the one act. The key stays with the safety officer. */
export function recallRoutes(services: HubServices): HubRoute[] {
  const { audit } = services
  const recalls = (): RecallService => {
    if (services.recalls !== undefined) return services.recalls
    throw new ApiError('delivery-not-initialised', 'the repository has no keys yet')
  }
  return [
    {
      method: 'GET',
      url: '/api/recalls',
      roles: EVERYBODY,
      handle: async (): Promise<RecallListView> => {
        if (services.recalls === undefined) return { recalls: [], officers: [] }
        const { recalls: listed, officers } = await services.recalls.list()
        const shown = listed.map(({ model, reason, person, recalledAt }) => ({ model, reason, person, recalledAt }))
        return { recalls: shown, officers: [...officers] }
      },
    },
    {
      method: 'GET',
      url: '/api/recalls/draft',
      // Whoever signs in may carry the act in: the signature speaks for its key, and stopping may not wait for a role.
      roles: EVERYBODY,
      handle: async ({ query }) => {
        const { name, version, person, reason } = recallRequest.parse(query)
        const { model } = findVersion(services, name, version)
        const draft = await recalls().propose(model, person, reason)
        return { version: draft.version, signedBytes: Buffer.from(draft.signedBytes).toString('base64') }
      },
    },
    {
      method: 'POST',
      url: '/api/recalls',
      roles: EVERYBODY,
      handle: async ({ body, caller }) => {
        const { signedBytes, keyid, signature } = recallSubmission.parse(body)
        const added = await recalls().publish({ signedBytes: Buffer.from(signedBytes, 'base64'), keyid, signature })
        for (const { model, person } of added) {
          audit.record({
            event: 'model.recalled',
            actor: actorOf(caller),
            subject: { kind: 'model', id: `${model.name}@${model.version}` },
            outcome: 'success',
            codes: [person],
          })
        }
        services.announce()
        return { recalled: added.map(({ model }) => model), at: toIsoInstant(services.clock.now()) }
      },
    },
    {
      method: 'GET',
      url: '/api/recalls/targets',
      roles: EVERYBODY,
      handle: async () => recalls().present(),
    },
    {
      method: 'POST',
      url: '/api/recalls/officers',
      roles: SIGNERS,
      handle: async ({ body, caller }): Promise<RecallListView> => {
        const { targets } = officersSubmission.parse(body)
        const { recalls: listed, officers } = await recalls().appoint(Buffer.from(targets, 'base64'))
        audit.record({
          event: 'setting.changed',
          actor: actorOf(caller),
          subject: { kind: 'setting', id: 'safety-officers' },
          outcome: 'success',
          codes: officers.map(({ person }) => person),
        })
        services.announce()
        return { recalls: [...listed], officers: [...officers] }
      },
    },
  ]
}
