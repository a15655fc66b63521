import { personIdentifier } from '@leadglass/sync-agent/contract'
import { adoptionRequest, changePlanRequest, planWithdrawal, stepRecordRequest } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { KeptPlan } from '../../change-control/index.ts'
import { ApiError } from '../errors.ts'
import { EVERYBODY, type HubRoute, MAKERS, SIGNERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { changePlanViewOf, determinationViewOf } from '../views/change-view.ts'
import { findVersion } from './model-routes.ts'

const named = z.object({ plan: z.string().regex(/^[0-9a-f]{64}$/) })
const versioned = z.object({ name: z.string().min(1).max(64), version: z.string().min(1).max(20) })

/** Plans for changes of models: declared, adopted by two people, withdrawn; and where a version stands under them. */
export function changeRoutes(services: HubServices): HubRoute[] {
  const { change } = services
  const find = (params: unknown): KeptPlan => {
    const kept = change.book.find(named.parse(params).plan)
    if (kept === undefined) throw new ApiError('not-found', 'no plan has this digest')
    return kept
  }
  const determined = async (params: unknown) => {
    const { name, version } = versioned.parse(params)
    const found = findVersion(services, name, version)
    return determinationViewOf(found.model, await change.determine(found))
  }
  return [
    {
      method: 'GET',
      url: '/api/change-plans',
      roles: EVERYBODY,
      handle: async () => ({
        plans: change.book.models().flatMap((model) => change.book.plans(model).map(changePlanViewOf)),
      }),
    },
    {
      method: 'GET',
      url: '/api/change-plans/:plan',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const { digest, plan } = find(params)
        return { digest, plan }
      },
    },
    {
      method: 'POST',
      url: '/api/change-plans',
      roles: MAKERS,
      handle: async ({ body, caller, reply }) => {
        void reply.status(201)
        return changePlanViewOf(change.declare(changePlanRequest.parse(body).plan, caller.account))
      },
    },
    {
      method: 'POST',
      url: '/api/change-plans/:plan/adoptions',
      roles: SIGNERS,
      handle: async ({ params, body, caller }) => {
        const request = adoptionRequest.parse(body)
        const person = personIdentifier.parse(request.person)
        // 21 CFR 11.100(a): a page signs for who is signed in; the operator's command only carries a signature in.
        if (caller.role !== 'operator' && caller.account !== person) {
          throw new ApiError('refused', 'the signature is of another person than the one who is signed in')
        }
        return changePlanViewOf(change.adopt(find(params).digest, request.envelope, person))
      },
    },
    {
      method: 'POST',
      url: '/api/change-plans/:plan/withdrawal',
      roles: [...MAKERS, ...SIGNERS.filter((role) => !MAKERS.includes(role))],
      handle: async ({ params, body, caller }) => {
        const { digest } = find(params)
        change.withdraw(digest, caller.account, planWithdrawal.parse(body).reason)
        return changePlanViewOf(find(params))
      },
    },
    {
      method: 'GET',
      url: '/api/models/:name/:version/change',
      roles: EVERYBODY,
      handle: async ({ params }) => determined(params),
    },
    {
      method: 'POST',
      url: '/api/models/:name/:version/change/records',
      roles: MAKERS,
      handle: async ({ params, body, caller }) => {
        const { name, version } = versioned.parse(params)
        const { model } = findVersion(services, name, version)
        const plan = change.book.inForce(name)
        if (plan === undefined) throw new ApiError('refused', 'no plan of this model is in force')
        change.record(plan.digest, model.digest, { ...stepRecordRequest.parse(body), person: caller.account })
        return determined(params)
      },
    },
  ]
}
