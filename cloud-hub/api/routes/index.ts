import { EVERYBODY, type HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'
import { approvalRoutes } from './approval-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { auditSearchRoutes } from './audit-search-routes.ts'
import { desiredRoutes } from './desired-routes.ts'
import { enrolmentRoutes } from './enrolment-routes.ts'
import { fleetRoutes } from './fleet-routes.ts'
import { modelRoutes } from './model-routes.ts'
import { trainingRoutes } from './training-routes.ts'

/** Every route that needs a person or the operator; those before sign-in are the server's own. */
export function allRoutes(services: HubServices): HubRoute[] {
  return [
    ...fleetRoutes(services),
    ...enrolmentRoutes(services),
    ...desiredRoutes(services),
    ...modelRoutes(services),
    ...trainingRoutes(services),
    ...approvalRoutes(services),
    ...auditRoutes(services),
    ...auditSearchRoutes(services),
    {
      method: 'GET',
      url: '/api/drift',
      roles: EVERYBODY,
      handle: async () => ({ features: await services.drift.entries() }),
    },
  ]
}
