import type { DeviceDetail, DeviceSummary, IngestSummary } from '@leadglass/ui/contract/hub-api'
import type { FleetDevice } from '../../fleet/index.ts'
import type { HubServices } from '../services.ts'

/** What each cause of refusal at the door means, in words. */
const ALARM_WORDS: Readonly<Record<string, string>> = {
  gap: 'envelopes came before earlier ones; they are sent again',
  conflict: 'another envelope came under a number that was committed already: a copied or restored device',
  schema: 'envelopes that the contract does not allow',
  'foreign-device': 'envelopes in the name of another device',
  'audit-inconsistent': 'the audit log of the device does not continue the one that was seen before',
  'device-unknown': 'envelopes of a device that is not enrolled',
  'device-revoked': 'envelopes of a device that was revoked',
  'payload-too-large': 'payloads above the limit',
  'payload-not-gzip': 'payloads that are not compressed batches',
  'payload-inflates-too-far': 'payloads that grow beyond the limit when they are unpacked',
  'payload-not-json': 'payloads that are not JSON',
  'payload-not-a-batch': 'payloads that are no batch',
}

/** A device in a list. */
export function deviceView(device: FleetDevice): DeviceSummary {
  return {
    device: device.device,
    state: device.revokedAt === null ? 'enrolled' : 'revoked',
    connected: device.connected,
    lastSeenAt: device.lastSeenAt,
    softwareVersion: device.health?.softwareVersion ?? null,
    models: device.health?.models ?? [],
    alarms: device.alarms,
  }
}

/** A device with everything that it reported. */
export function deviceDetailView({ fleet }: HubServices, device: FleetDevice): DeviceDetail {
  return {
    summary: deviceView(device),
    streams: fleet.streams(device.device),
    figures: device.health?.figures ?? {},
    alarms: fleet.alarms(device.device).map(({ code, occurrences, lastAt }) => ({
      code,
      message: `${occurrences} times: ${ALARM_WORDS[code] ?? code}`,
      at: lastAt,
    })),
    audit: fleet.cosigned(device.device),
  }
}

/** What every device has sent, with the roots of its epochs. */
export function ingestView({ fleet, epochRoots }: HubServices): IngestSummary {
  const { roots } = epochRoots()
  return {
    devices: fleet.devices().map(({ device }) => ({
      device,
      streams: fleet.streams(device),
      epochs: roots
        .filter((one) => one.device === device)
        .map(({ epoch, envelopes, root }) => ({ epoch, envelopes, root })),
    })),
  }
}
