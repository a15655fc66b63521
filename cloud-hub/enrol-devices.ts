import { type Clock, systemClock } from '@leadglass/sync-agent/foundation'
import { hubLayout } from './hub-folder.ts'
import { CertificateAuthority, type DeviceIdentity, Enrolment } from './ingest/index.ts'
import { openHubDatabase } from './storage/index.ts'

/**
 * Enrols many devices of a hub that does not run, such as a fleet that is prepared in one place: all of them or none.
 * @param request.devices names, each with the C2SP verifier key of its audit log where it is known.
 * @throws {EnrolmentError} for a name that cannot be a device's or was revoked.
 */
export async function enrolDevices(request: {
  readonly folder: string
  readonly devices: readonly { readonly device: string; readonly auditVerifierKey?: string }[]
  readonly clock?: Clock
}): Promise<ReadonlyMap<string, DeviceIdentity>> {
  const { clock = systemClock } = request
  const layout = hubLayout(request.folder)
  const database = openHubDatabase(layout.folder)
  try {
    const enrolment = new Enrolment(database, new CertificateAuthority(layout.authority, clock), clock)
    const identities = new Map<string, DeviceIdentity>()
    // This connection has no other user; a transaction over all of them costs one commit and leaves nothing half done.
    database.exec('BEGIN IMMEDIATE')
    for (const { device, auditVerifierKey } of request.devices) {
      identities.set(device, await enrolment.enrol(device))
      if (auditVerifierKey !== undefined) enrolment.pinAuditLogKey(device, auditVerifierKey)
    }
    database.exec('COMMIT')
    return identities
  } finally {
    database.close()
  }
}
