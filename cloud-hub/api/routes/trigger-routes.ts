import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import type { TrainingTriggers } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { triggerPolicy } from '../../training/index.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'

const named = z.object({ model: modelReference.shape.name, finding: vocabularyCode })

/** What starts training by itself: policies, their last decisions, and what was decided before. */
export function triggerRoutes({ triggers, triggerStore }: HubServices): HubRoute[] {
  const state = (): TrainingTriggers => {
    const standing = triggerStore.standing()
    return {
      policies: triggerStore.policies().map((declared) => ({
        ...declared,
        standing: standing.filter(
          ({ model, finding }) => model === declared.policy.model && finding === declared.policy.finding,
        ),
      })),
      decisions: triggerStore.decisions(),
    }
  }
  return [
    { method: 'GET', url: '/api/training-triggers', roles: EVERYBODY, handle: async () => state() },
    {
      method: 'POST',
      url: '/api/training-triggers',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        triggers.declare(triggerPolicy.parse(body), actorOf(caller))
        return state()
      },
    },
    {
      method: 'DELETE',
      url: '/api/training-triggers/:model/:finding',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        triggers.remove(named.parse(params), actorOf(caller))
        return state()
      },
    },
  ]
}
