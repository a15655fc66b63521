import { isAbsolute } from 'node:path'
import { modelReference } from '@leadglass/sync-agent/contract'
import { importRequest } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import type { ModelVersion } from '../../registry/index.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { versionDetailView, versionEvaluation, versionView } from '../views/version-view.ts'

const key = z.object({ name: modelReference.shape.name, version: modelReference.shape.version })

/** Models and their versions. */
export function modelRoutes(services: HubServices): HubRoute[] {
  const { registry, audit } = services
  return [
    {
      method: 'GET',
      url: '/api/models',
      roles: EVERYBODY,
      handle: async () => {
        const versions = registry.names().flatMap((name) => registry.versions(name))
        return { versions: await Promise.all(versions.map((one) => versionView(services, one))) }
      },
    },
    {
      method: 'GET',
      url: '/api/models/:name/versions/:version',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const { name, version } = key.parse(params)
        return versionDetailView(services, findVersion(services, name, version))
      },
    },
    {
      method: 'GET',
      url: '/api/models/:name/versions/:version/evaluation',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const { name, version } = key.parse(params)
        return versionEvaluation(services, findVersion(services, name, version))
      },
    },
    {
      method: 'POST',
      url: '/api/models/import',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { folder } = importRequest.parse(body)
        if (!isAbsolute(folder)) throw new ApiError('request-invalid', 'the folder must be named from the root')
        const before = new Set(
          registry.names().flatMap((name) => registry.versions(name).map((one) => one.model.digest)),
        )
        const { model } = await registry.importPackage(folder, caller.account)
        const present = before.has(model.digest)
        const subject = { kind: 'model', id: model.digest } as const
        const codes = present ? ['already-present'] : []
        audit.record({ event: 'model.registered', actor: actorOf(caller), subject, outcome: 'success', codes })
        return { model, outcome: present ? 'already-present' : 'imported' }
      },
    },
  ]
}

/** @throws {ApiError} `not-found`. */
export function findVersion({ registry }: HubServices, name: string, version: string): ModelVersion {
  const found = registry.versions(name).find((one) => one.model.version === version)
  if (found === undefined) throw new ApiError('not-found', `the registry has no ${name} ${version}`)
  return found
}
