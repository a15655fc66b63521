import { desiredSections, deviceId, reportedPart } from '@leadglass/sync-agent/contract'
import {
  type DesiredHistory,
  type DeviceState,
  desiredEditRequest,
  desiredHistoryQuery,
  groupChangeRequest,
  keyRotationRequest,
} from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { differences, type EditOutcome } from '../../fleet/index.ts'
import type { Caller } from '../accounts/accounts.ts'
import { ApiError } from '../errors.ts'
import { actorOf, EVERYBODY, type HubRoute, MAKERS } from '../route.ts'
import type { HubServices } from '../services.ts'

const named = z.object({ device: deviceId })
const MOST_DOCUMENTS = 20

/** What the hub wishes of its devices, and what they say of themselves. */
export function desiredRoutes(services: HubServices): HubRoute[] {
  const { desired, audit, clock } = services
  const queued = (outcome: EditOutcome, caller: Caller, name: string): { devices: string[] } => {
    if (outcome.kind === 'unknown-device') throw new ApiError('not-found', 'there is no such device')
    // The event names whom the edit is for; what it says stands in the history.
    const subject = { kind: 'setting', id: 'desired-state' } as const
    audit.record({
      event: 'setting.changed',
      actor: actorOf(caller),
      subject,
      outcome: 'success',
      codes: [name, `devices-${outcome.devices.length}`],
    })
    for (const device of outcome.devices) services.tell(deviceId.parse(device))
    return { devices: [...outcome.devices] }
  }
  return [
    {
      method: 'POST',
      url: '/api/fleet/desired',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { scope, name, expiresAt, reason, ...rest } = desiredEditRequest.parse(body)
        const sections = desiredSections.parse(rest.sections)
        if (expiresAt !== null && Date.parse(expiresAt) <= clock.now()) {
          throw new ApiError('request-invalid', 'the end lies in the past')
        }
        try {
          return queued(desired.set({ scope, name }, sections, expiresAt, caller.account, reason), caller, name)
        } catch (error) {
          if (error instanceof RangeError) throw new ApiError('request-invalid', error.message)
          throw error
        }
      },
    },
    {
      method: 'GET',
      url: '/api/fleet/desired/history',
      roles: EVERYBODY,
      handle: async ({ query }): Promise<DesiredHistory> => {
        const { limit, ...scope } = desiredHistoryQuery.parse(query)
        const edits = desired.history(scope, limit)
        return {
          edits: edits.map(({ id, sections, expiresAt, author, reason, at }) => ({
            id,
            sections,
            expiresAt,
            author,
            reason,
            at,
          })),
        }
      },
    },
    {
      method: 'POST',
      url: '/api/fleet/groups',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        const { group, device, member } = groupChangeRequest.parse(body)
        return queued(desired.move(group, device, member), caller, group)
      },
    },
    {
      method: 'GET',
      url: '/api/fleet/groups',
      roles: EVERYBODY,
      handle: async () => {
        const names = [...new Set(desired.groups().map(({ name }) => name))]
        return { groups: names.map((name) => ({ name, devices: desired.members(name) })) }
      },
    },
    {
      method: 'POST',
      url: '/api/fleet/desired-key/rotation',
      roles: MAKERS,
      handle: async ({ body, caller }) => {
        keyRotationRequest.parse(body)
        const { number } = await services.signer.rotate()
        audit.record({
          event: 'key.changed',
          actor: actorOf(caller),
          subject: { kind: 'key', id: 'desired-state' },
          outcome: 'success',
          codes: [`desired-key-${number}`],
        })
        // The newest document goes out again under the new key; the number stays, so nothing is applied twice.
        for (const { device } of services.fleet.devices()) services.tell(deviceId.parse(device))
        return { number }
      },
    },
    {
      method: 'GET',
      url: '/api/devices/:device/state',
      roles: EVERYBODY,
      handle: async ({ params }) => stateOf(services, named.parse(params).device),
    },
  ]
}

/** Why sections were not put into force, in one line; null when each was, or nothing is known yet. */
function reasonsOf(parts: string): string | null {
  const named = z
    .array(reportedPart)
    .parse(JSON.parse(parts))
    .filter(({ reason }) => reason !== null)
  return named.length === 0 ? null : named.map(({ section, reason }) => `${section}: ${reason}`).join('; ')
}

function stateOf({ desired, reported, fleet }: HubServices, device: string): DeviceState {
  if (fleet.device(device) === undefined) throw new ApiError('not-found', 'there is no such device')
  const documents = desired.documents(device, MOST_DOCUMENTS)
  const known = reported.read(device)
  const [newest] = documents
  return {
    device,
    groups: desired.groups().flatMap((one) => (one.device === device ? [one.name] : [])),
    documents: documents.map(({ document, parts, ...row }) => ({
      ...row,
      reason: row.reason ?? reasonsOf(parts),
      signed: desired.readsSignatures(device),
      sections: document.sections,
      expiresAt: document.expiresAt,
    })),
    reported:
      known === undefined
        ? null
        : {
            version: known.version,
            chain: known.chain,
            at: known.at,
            refusal: known.refusal,
            state: known.document ?? null,
          },
    differences: differences(newest?.document, newest?.digest, known?.document),
  }
}
