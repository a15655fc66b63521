import {
  type DeploymentList,
  namedVersion,
  newVersionsRequest,
  shareDeployment,
  startDeployment,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { DeploymentError, guardrails } from '../deployment/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { deploymentListOf } from './deployment-views.ts'
import { LocalApiError } from './errors.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const
const ADMINISTRATORS = ['site-admin', 'operator'] as const

/** What runs beside the version in use, and which version that is. Only a site administrator changes it. */
export function deploymentRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { desk } = context.deployments

  server.get('/api/deployments', async (request): Promise<DeploymentList> => {
    requireRole(request, context, EVERYONE)
    return deploymentListOf(context)
  })

  server.post('/api/deployments', async (request): Promise<DeploymentList> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { guardrails: rails, ...wanted } = parse(startDeployment, request.body)
    const given = parse(guardrails, rails)
    await answering(() => desk.start({ ...wanted, guardrails: given }, actorOf(caller)))
    return deploymentListOf(context)
  })

  server.post('/api/deployments/share', async (request): Promise<DeploymentList> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { name, version, permille } = parse(shareDeployment, request.body)
    await answering(async () => desk.share(name, version, permille, actorOf(caller)))
    return deploymentListOf(context)
  })

  server.post('/api/deployments/end', async (request): Promise<DeploymentList> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { name, version } = parse(namedVersion, request.body)
    await answering(async () => desk.end(name, version, actorOf(caller)))
    return deploymentListOf(context)
  })

  server.post('/api/deployments/promote', async (request): Promise<DeploymentList> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { name, version } = parse(namedVersion, request.body)
    await answering(() => desk.promote(name, version, actorOf(caller)))
    return deploymentListOf(context)
  })

  server.post('/api/deployments/new-versions', async (request): Promise<DeploymentList> => {
    const caller = requireRole(request, context, ADMINISTRATORS)
    const { name, newVersions } = parse(newVersionsRequest, request.body)
    await answering(async () => desk.newVersions(name, newVersions, actorOf(caller)))
    return deploymentListOf(context)
  })
}

/** The failures of the deployment's room as the interface tells them. */
async function answering(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (cause instanceof DeploymentError) throw new LocalApiError(cause.code)
    throw cause
  }
}
