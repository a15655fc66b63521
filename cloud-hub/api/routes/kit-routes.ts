import { isAbsolute } from 'node:path'
import { deviceId } from '@leadglass/sync-agent/contract'
import { isCodedError } from '@leadglass/sync-agent/foundation'
import { type CarriedKitAnswer, carriedKitRequest, type KitAcknowledgements } from '@leadglass/ui/contract/hub-api'
import { ApiError } from '../errors.ts'
import { actorOf, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'

/** Kits that are carried by hand: what devices sent, and what the hub says to them. */
export function kitRoutes({ kits, fleet, audit }: HubServices): HubRoute[] {
  return [
    {
      method: 'GET',
      url: '/api/kits/acknowledgements',
      roles: MAKERS,
      handle: async (): Promise<KitAcknowledgements> => {
        const notes: KitAcknowledgements['notes'][number][] = []
        for (const { device, revokedAt } of fleet.devices()) {
          const note = revokedAt === null ? await kits.acknowledgement(deviceId.parse(device)) : undefined
          if (note !== undefined) notes.push({ device, note })
        }
        return { notes }
      },
    },
    {
      method: 'POST',
      url: '/api/kits',
      roles: MAKERS,
      handle: async ({ body, caller }): Promise<CarriedKitAnswer> => {
        const { folder } = carriedKitRequest.parse(body)
        if (!isAbsolute(folder)) throw new ApiError('request-invalid', 'the folder must be named from the root')
        const actor = actorOf(caller)
        try {
          const taken = await kits.take(folder)
          const subject = { kind: 'device', id: taken.device } as const
          const codes = ['kit', `batches-${taken.batches}`, ...taken.answers.map(({ code }) => code)]
          audit.record({ event: 'ingest.committed', actor, subject, outcome: 'success', codes })
          return { ...taken, answers: [...taken.answers] }
        } catch (error) {
          const codes = ['kit', isCodedError(error) ? error.code : 'unexpected']
          audit.record({ event: 'ingest.refused', actor, subject: null, outcome: 'refused', codes })
          throw error
        }
      },
    },
  ]
}
