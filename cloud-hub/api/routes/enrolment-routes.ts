import { anchorFingerprints, deviceId } from '@leadglass/sync-agent/contract'
import type { EnrolmentList, Invitation } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'

const named = z.object({ device: deviceId })
const invitationRequest = z.strictObject({ minutes: z.number().int().min(1).max(1440).default(60) })

/** Identities of devices: what they are, and one-time codes with which a box joins. */
export function enrolmentRoutes(services: HubServices): HubRoute[] {
  const { enrolment, invitations, audit } = services
  return [
    {
      method: 'GET',
      url: '/api/enrolment',
      roles: EVERYBODY,
      handle: async (): Promise<EnrolmentList> => ({
        authorityFingerprint: await services.authorityFingerprint(),
        anchors: anchorFingerprints(await services.anchoring.anchors()),
        devices: enrolment
          .identities()
          .map((one) => ({ ...one, readsSignatures: services.desired.readsSignatures(one.device) })),
        invitations: invitations.open(),
      }),
    },
    {
      method: 'POST',
      url: '/api/devices/:device/invitation',
      roles: MAKERS,
      handle: async ({ params, body, caller }): Promise<Invitation> => {
        const { device } = named.parse(params)
        const { minutes } = invitationRequest.parse(body ?? {})
        const invitation = invitations.invite(device, minutes * 60_000)
        const subject = { kind: 'device', id: device } as const
        audit.record({ event: 'device.invited', actor: actorOf(caller), subject, outcome: 'success' })
        return {
          ...invitation,
          authorityFingerprint: await services.authorityFingerprint(),
          anchors: anchorFingerprints(await services.anchoring.anchors()),
        }
      },
    },
    {
      method: 'POST',
      url: '/api/devices/:device/release',
      roles: MAKERS,
      handle: async ({ params, caller }) => {
        const { device } = named.parse(params)
        if (!enrolment.release(device)) throw new ApiError('not-found', 'no device of this name is held')
        const subject = { kind: 'device', id: device } as const
        audit.record({ event: 'device.released', actor: actorOf(caller), subject, outcome: 'success' })
        return { done: true }
      },
    },
  ]
}
