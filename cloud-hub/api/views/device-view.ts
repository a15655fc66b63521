import type { DeviceDetail, DeviceSummary, IngestSummary } from '@leadglass/ui/contract/hub-api'
import type { FleetDevice } from '../../fleet/index.ts'
import type { HubServices } from '../services.ts'

/** What each cause of refusal at the door means, in words. */
const ALARM_WORDS: Readonly<Record<string, string>> = {
  gap: 'envelopes came before earlier ones; they are sent again',
  'epoch-unequal': 'an epoch of which the device and the hub do not hold the same; the ranges are named beside it',
  'closed-epoch': 'envelopes after the end of an epoch that the device itself had closed',
  conflict: 'another envelope came under a number that was committed already: a copied or restored device',
  schema: 'envelopes that the contract does not allow',
  'foreign-device': 'envelopes in the name of another device',
  'audit-inconsistent': 'the audit log of the device does not continue the one that was seen before',
  'audit-forked': 'a signed checkpoint of the device contradicts an earlier one',
  'audit-time-back':
    'the audit log of the device claims times before those already recorded: back-dated entries, or a clock set back',
  'audit-time-ahead': 'the audit log of the device claims times that have not come yet',
  'audit-recording-off': 'the device worked on studies of which its audit log does not speak: recording was off',
  'audit-hub-diverged': 'the device was shown another log under this hub’s name',
  'device-unknown': 'envelopes of a device that is not enrolled',
  'device-revoked': 'envelopes of a device that was revoked',
  'payload-too-large': 'payloads above the limit',
  'payload-not-gzip': 'payloads that are not compressed batches',
  'payload-inflates-too-far': 'payloads that grow beyond the limit when they are unpacked',
  'payload-not-json': 'payloads that are not JSON',
  'payload-not-a-batch': 'payloads that are no batch',
  'payload-not-canonical': 'payloads whose JSON says something twice, or not in its one form',
  'payload-version-unknown': 'batches of a version that this hub does not know',
  'clock-off': 'entries whose time is far from the hub’s: the clock of the device is wrong, or was',
  'device-cloned': 'one identity in two places: the device is held until a person decides',
  'audit-fork': 'two different entries at one place of the device’s audit log',
  'certificate-expired': 'connections with a certificate whose time is over: enrol the box again',
  'certificate-untrusted': 'connections in this name with a certificate that is not this hub’s',
  'refused-device-revoked': 'connections of a device that was revoked',
  'refused-device-held': 'connections of a device that is held',
  'refused-certificate-unknown': 'connections with a certificate that the hub has not issued, or does not remember',
  'refused-certificate-superseded': 'connections with a certificate that was replaced',
  'enrolment-intercepted': 'somebody between the box and the hub opened the connection, or guessed at a code',
  'join-invitation-unknown': 'tries to join with a code that does not exist',
  'join-invitation-expired': 'tries to join with a code whose time is over',
  'join-invitation-used': 'tries to join with a code that another box has used',
}

/** A device in a list. */
export function deviceView(device: FleetDevice): DeviceSummary {
  return {
    device: device.device,
    state: device.revokedAt !== null ? 'revoked' : device.heldAt !== null ? 'held' : 'enrolled',
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
export async function ingestView({ fleet, epochRoots, epochBook }: HubServices): Promise<IngestSummary> {
  const { roots } = await epochRoots()
  const compared = epochBook.compared()
  return {
    devices: fleet.devices().map(({ device }) => ({
      device,
      streams: fleet.streams(device),
      epochs: roots
        .filter((one) => one.device === device)
        .map(({ epoch, envelopes, root }) => ({ epoch, envelopes, root })),
      compared: compared.flatMap(({ device: of, differences, ...one }) =>
        of === device ? [{ ...one, differences: [...differences] }] : [],
      ),
    })),
    orphans: epochBook.orphans(),
  }
}
