import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type RolloutDetail, type RolloutList, rolloutCommand, rolloutRequest } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { defaultRings, type Rollouts, type RolloutView, stopRules } from '../../rollout/index.ts'
import { ApiError } from '../errors.ts'
import { EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { findVersion } from './model-routes.ts'

const numbered = z.object({ rollout: z.coerce.number().int().min(1) })

/** Rollouts: begin, watch, pause, resume, halt. */
export function rolloutRoutes(services: HubServices): HubRoute[] {
  const { rollouts } = services
  return [
    {
      method: 'GET',
      url: '/api/rollouts',
      roles: EVERYBODY,
      handle: async (): Promise<RolloutList> => ({ rollouts: rollouts.list().map(viewOf) }),
    },
    {
      method: 'GET',
      url: '/api/rollouts/:rollout',
      roles: EVERYBODY,
      handle: async ({ params }): Promise<RolloutDetail> => viewOf(rollouts.find(numbered.parse(params).rollout)),
    },
    {
      method: 'POST',
      url: '/api/rollouts',
      roles: MAKERS,
      handle: async ({ body, caller }): Promise<RolloutDetail> => {
        const { name, version, rings, canaries, rules } = rolloutRequest.parse(body)
        const { model } = findVersion(services, name, version)
        const enrolled = services.fleet.devices().flatMap((one) => (one.revokedAt === null ? [one.device] : []))
        if (rings === undefined && canaries === undefined) {
          throw new ApiError('request-invalid', 'name the sites that go first, or every ring')
        }
        const plan = { rings: rings ?? defaultRings(enrolled, canaries ?? []), rules: stopRules.parse(rules) }
        return viewOf(await rollouts.begin(model, plan, caller.account))
      },
    },
    {
      method: 'POST',
      url: '/api/rollouts/:rollout/command',
      roles: MAKERS,
      handle: async ({ params, body, caller }): Promise<RolloutDetail> =>
        viewOf(command(rollouts, numbered.parse(params).rollout, rolloutCommand.parse(body), caller.account)),
    },
  ]
}

function command(
  rollouts: Rollouts,
  id: number,
  { kind, reason }: z.infer<typeof rolloutCommand>,
  account: string,
): RolloutView {
  return rollouts.command(id, { kind, reason }, account)
}

function viewOf({ row, sites, history }: RolloutView): RolloutDetail {
  return {
    rollout: row.id,
    model: row.model,
    state: row.state,
    ring: row.ring + 1,
    rings: row.plan.rings.length,
    ringSince: toIsoInstant(row.ringSince),
    settledSince: row.settledSince === null ? null : toIsoInstant(row.settledSince),
    reason: row.reason,
    author: row.author,
    createdAt: toIsoInstant(row.createdAt),
    rules: { ...row.plan.rules },
    sites: sites.map(({ ring, lastReportAt, ...site }) => ({
      ...site,
      ring: ring + 1,
      lastReportAt: lastReportAt === null ? null : toIsoInstant(lastReportAt),
    })),
    history: history.map(({ at, ...line }) => ({ ...line, at: toIsoInstant(at) })),
  }
}
