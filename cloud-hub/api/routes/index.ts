import type { HubRoute } from '../route.ts'
import type { HubServices } from '../services.ts'
import { approvalRoutes } from './approval-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { auditSearchRoutes } from './audit-search-routes.ts'
import { changeRoutes } from './change-routes.ts'
import { desiredRoutes } from './desired-routes.ts'
import { driftRoutes } from './drift-routes.ts'
import { enrolmentRoutes } from './enrolment-routes.ts'
import { executorRoutes } from './executor-routes.ts'
import { fleetRoutes } from './fleet-routes.ts'
import { kitRoutes } from './kit-routes.ts'
import { lakeRoutes } from './lake-routes.ts'
import { modelRoutes } from './model-routes.ts'
import { monitoringRoutes } from './monitoring-routes.ts'
import { recallRoutes } from './recall-routes.ts'
import { recordRoutes } from './record-routes.ts'
import { registryRoutes } from './registry-routes.ts'
import { reportRoutes } from './report-routes.ts'
import { rolloutRoutes } from './rollout-routes.ts'
import { signingKeyRoutes } from './signing-key-routes.ts'
import { trainingRoutes } from './training-routes.ts'
import { triggerRoutes } from './trigger-routes.ts'

/** Every route that needs a person or the operator; those before sign-in are the server's own. */
export function allRoutes(services: HubServices): HubRoute[] {
  return [
    ...fleetRoutes(services),
    ...enrolmentRoutes(services),
    ...desiredRoutes(services),
    ...modelRoutes(services),
    ...registryRoutes(services),
    ...lakeRoutes(services),
    ...trainingRoutes(services),
    ...triggerRoutes(services),
    ...executorRoutes(services),
    ...approvalRoutes(services),
    ...changeRoutes(services),
    ...recallRoutes(services),
    ...rolloutRoutes(services),
    ...kitRoutes(services),
    ...recordRoutes(services),
    ...reportRoutes(services),
    ...signingKeyRoutes(services),
    ...auditRoutes(services),
    ...auditSearchRoutes(services),
    ...driftRoutes(services),
    ...monitoringRoutes(services),
  ]
}
