import { encodeVerifierKey, readSigningKeyFile, SIGNATURE_TYPE, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { HUB_LOG_ORIGIN, type HubAudit, WITNESS_NAME } from './audit/index.ts'
import { DeviceGate, EnrolmentDoor, Invitations, Joining, Renewing } from './enrolment/index.ts'
import type { HubLayout } from './hub-folder.ts'
import type { AlarmBook, CertificateAuthority, Enrolment } from './ingest/index.ts'

/** What enrolment works with. */
export interface EnrolmentParts {
  readonly database: Database.Database
  readonly layout: Pick<HubLayout, 'logKey' | 'witnessKey'>
  readonly enrolment: Enrolment
  readonly authority: CertificateAuthority
  readonly alarms: AlarmBook
  readonly audit: HubAudit
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  /** Ends the connections of a device. */
  readonly disconnect: (device: string) => void
}

/** Makes what decides about connections and takes boxes in. */
export async function composeEnrolment(
  parts: EnrolmentParts,
): Promise<{ readonly gate: DeviceGate; readonly door: EnrolmentDoor; readonly invitations: Invitations }> {
  const { database, layout, enrolment, audit, clock, randomness } = parts
  const hubKeys = [
    encodeVerifierKey(verifierKeyOf(HUB_LOG_ORIGIN, await readSigningKeyFile(layout.logKey))),
    encodeVerifierKey(
      verifierKeyOf(WITNESS_NAME, await readSigningKeyFile(layout.witnessKey), SIGNATURE_TYPE.cosignature),
    ),
  ]
  const gate = new DeviceGate(parts)
  const invitations = new Invitations(database, enrolment, clock, randomness)
  const joining = new Joining({ ...parts, invitations, hubKeys })
  const renewing = new Renewing({ enrolment, audit, gate })
  return { gate, invitations, door: new EnrolmentDoor({ ...parts, joining, renewing, gate }) }
}
