import { encodeVerifierKey, readSigningKeyFile, SIGNATURE_TYPE, verifierKeyOf } from '@leadglass/sync-agent/audit-log'
import { type ApprovalPolicy, type DeviceId, deviceId } from '@leadglass/sync-agent/contract'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { HUB_LOG_ORIGIN, type HubAudit, WITNESS_NAME } from './audit/index.ts'
import { Anchoring, DeviceGate, EnrolmentDoor, Invitations, Joining, Renewing } from './enrolment/index.ts'
import type { DesiredSigner } from './fleet/index.ts'
import type { HubLayout } from './hub-folder.ts'
import type { AlarmBook, CertificateAuthority, Enrolment } from './ingest/index.ts'

/** What enrolment works with. */
export interface EnrolmentParts {
  readonly database: Database.Database
  readonly layout: Pick<HubLayout, 'logKey' | 'witnessKey' | 'repository'>
  readonly policy: ApprovalPolicy | null
  readonly signer: Pick<DesiredSigner, 'current'>
  /** Tells a device what the hub wishes, now that it reads signatures. */
  readonly tell: (device: DeviceId) => void
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
export async function composeEnrolment(parts: EnrolmentParts): Promise<{
  readonly gate: DeviceGate
  readonly door: EnrolmentDoor
  readonly invitations: Invitations
  readonly anchoring: Anchoring
}> {
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
  const anchoring = new Anchoring({
    ...parts,
    hubKeys,
    desiredKey: () => parts.signer.current,
    repository: layout.repository,
    onAnchored: (device) => parts.tell(deviceId.parse(device)),
  })
  return { gate, invitations, anchoring, door: new EnrolmentDoor({ ...parts, joining, renewing, anchoring, gate }) }
}
