import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditDesk, HubAudit, HubWitness, SiteAuditMirror } from '../audit/index.ts'
import type { ReleaseService } from '../delivery/index.ts'
import type { Drift } from '../drift/index.ts'
import type { Invitations } from '../enrolment/index.ts'
import type { DesiredBook, Fleet, ReportedBook } from '../fleet/index.ts'
import type { GovernanceRepository } from '../governance/index.ts'
import type { KnownApprover } from '../hub-folder.ts'
import type { AlarmBook, DamagedEffect, Enrolment, EpochBook, EpochRoot } from '../ingest/index.ts'
import type { Lake } from '../lake/index.ts'
import type { Registry } from '../registry/index.ts'
import type { RunStore, Training } from '../training/index.ts'
import type { Accounts } from './accounts/accounts.ts'

/** Everything that the routes speak to. */
export interface HubServices {
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  readonly audit: HubAudit
  readonly mirror: SiteAuditMirror
  readonly witness: HubWitness
  readonly alarms: Pick<AlarmBook, 'raise'>
  readonly auditDesk: AuditDesk
  readonly enrolment: Enrolment
  readonly fleet: Fleet
  readonly lake: Lake
  readonly training: Training
  readonly runs: RunStore
  readonly drift: Drift
  readonly registry: Registry
  readonly governance: GovernanceRepository
  /** Undefined until the repository's key ceremony has taken place. */
  readonly releases: ReleaseService | undefined
  readonly accounts: Accounts
  /** SHA-256 of the operator token. */
  readonly operatorTokenDigest: string
  /** Whose signatures count, as the key ceremony named them. */
  readonly approvers: readonly KnownApprover[]
  /** Roots of all epochs, recomputed when something has arrived since. */
  readonly epochRoots: () => Promise<{
    readonly roots: readonly EpochRoot[]
    readonly damaged: readonly DamagedEffect[]
  }>
  readonly epochBook: EpochBook
  readonly desired: DesiredBook
  readonly reported: ReportedBook
  /** Tells a device what should be so, now or when it next comes. */
  readonly tell: (device: DeviceId) => void
  readonly invitations: Invitations
  /** SHA-256 of the hub's authority, hexadecimal. */
  readonly authorityFingerprint: () => Promise<string>
  /** Ends the connections of a device. */
  readonly disconnect: (device: string) => void
  /** Tells the devices that the repository may have changed. */
  readonly announce: () => void
}
