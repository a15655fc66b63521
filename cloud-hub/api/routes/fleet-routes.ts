import { deviceId } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'
import { deviceDetailView, deviceView, ingestView } from '../views/device-view.ts'

const named = z.object({ device: deviceId })
const revocation = z.strictObject({ reason: z.string().trim().min(3).max(200) })

/** Devices, and what they have sent. */
export function fleetRoutes(services: HubServices): HubRoute[] {
  const { fleet, enrolment, audit } = services
  return [
    {
      method: 'GET',
      url: '/api/devices',
      roles: EVERYBODY,
      handle: async () => ({ devices: fleet.devices().map(deviceView) }),
    },
    {
      method: 'GET',
      url: '/api/devices/:device',
      roles: EVERYBODY,
      handle: async ({ params }) => {
        const device = fleet.device(named.parse(params).device)
        if (device === undefined) throw new ApiError('not-found', 'there is no such device')
        return deviceDetailView(services, device)
      },
    },
    {
      method: 'POST',
      url: '/api/devices/:device/revocation',
      roles: MAKERS,
      handle: async ({ params, body, caller }) => {
        const { device } = named.parse(params)
        const { reason } = revocation.parse(body)
        if (!enrolment.revoke(device, reason)) throw new ApiError('not-found', 'there is no such device to revoke')
        const subject = { kind: 'device', id: device } as const
        audit.record({ event: 'device.revoked', actor: actorOf(caller), subject, outcome: 'success' })
        services.disconnect(device)
        return { done: true }
      },
    },
    {
      method: 'GET',
      url: '/api/ingest/summary',
      roles: EVERYBODY,
      handle: async () => ingestView(services),
    },
    {
      method: 'GET',
      url: '/api/azure',
      roles: EVERYBODY,
      handle: async () => ({ azure: services.azureStatus() }),
    },
  ]
}
