import type { KeyObject } from 'node:crypto'
import type { ApprovalPolicy } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { AuditDesk, HubAudit } from './audit/index.ts'
import type { ChangeDesk } from './change-control/index.ts'
import type { Delivery } from './delivery-parts.ts'
import type { DriftAlerts } from './drift/index.ts'
import { type Fleet, ReportedBook } from './fleet/index.ts'
import type { GovernanceRepository, SigningDesk } from './governance/index.ts'
import type { HubLayout } from './hub-folder.ts'
import type { CardGate } from './model-card/index.ts'
import type { Registry } from './registry/index.ts'
import { ReportDesk, ReportSigner } from './reports/index.ts'
import { RolloutBook } from './rollout/index.ts'

/** Compliance reports over everything that the hub keeps, signed with the key of its log. */
export function composeReports(parts: {
  readonly database: Database.Database
  readonly layout: HubLayout
  readonly logKey: KeyObject
  readonly audit: HubAudit
  readonly desk: AuditDesk
  readonly registry: Registry
  readonly cards: CardGate
  readonly change: ChangeDesk
  readonly governance: GovernanceRepository
  readonly signing: SigningDesk | undefined
  readonly fleet: Fleet
  readonly policy: ApprovalPolicy | null
  readonly delivery: Delivery | undefined
  readonly drift: DriftAlerts
  readonly softwareVersion: string
  readonly clock: Clock
}): ReportDesk {
  const { layout, logKey, signing, delivery, change, ...rest } = parts
  return new ReportDesk({
    ...rest,
    change,
    plans: change.book,
    reported: new ReportedBook(parts.database),
    rollouts: new RolloutBook(parts.database),
    signer: new ReportSigner(logKey),
    evidenceFolder: layout.evidence,
    leafOf: (proposal, person) => signing?.leafOf(proposal, person),
    listing: async (model) => delivery?.listing(model),
  })
}
