import type { AuditFeeds } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { AuditDesk, HubAudit, HubWitness, SiteAuditMirror } from '../audit/index.ts'
import type { ChangeDesk } from '../change-control/index.ts'
import type { RecallService, ReleaseService } from '../delivery/index.ts'
import type { Drift, DriftAlerts } from '../drift/index.ts'
import type { Anchoring, Invitations } from '../enrolment/index.ts'
import type { AzureSideStatus } from '../event-hubs/index.ts'
import type { FairnessMonitor } from '../fairness/index.ts'
import type { DesiredBook, DesiredSigner, Fleet, ReportedBook } from '../fleet/index.ts'
import type { ApprovalNotes, GovernanceRepository, KeyBook, SigningAlarms, SigningDesk } from '../governance/index.ts'
import type { KnownApprover } from '../hub-folder.ts'
import type { AlarmBook, CarriedKits, DamagedEffect, Enrolment, EpochBook, EpochRoot } from '../ingest/index.ts'
import type { Lake } from '../lake/index.ts'
import type { MlflowParts } from '../mlflow-api/index.ts'
import type { ModelCards } from '../model-card/index.ts'
import type { PerformanceMonitor } from '../performance/index.ts'
import type { AliasBook, Registry } from '../registry/index.ts'
import type { ReportDesk } from '../reports/index.ts'
import type { Rollouts } from '../rollout/index.ts'
import type {
  ListedExecutor,
  ReproductionStore,
  RunStore,
  TrackingStatus,
  Training,
  TriggerStore,
  Triggers,
} from '../training/index.ts'
import type { WebhookBook } from '../webhooks/index.ts'
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
  readonly reproductions: Pick<ReproductionStore, 'ofRun'>
  readonly triggers: Pick<Triggers, 'declare' | 'remove'>
  readonly triggerStore: Pick<TriggerStore, 'policies' | 'standing' | 'decisions'>
  /** Where runs may train; the first is the one of runs that name none. */
  readonly executors: readonly ListedExecutor[]
  /** How far the tracking server is behind; null where none is configured. */
  readonly tracking: () => TrackingStatus | null
  /** Version of a model that training starts from; undefined while the registry has none. */
  readonly versionToImprove: (model: string) => string | undefined
  readonly drift: Drift
  readonly driftAlerts: Pick<DriftAlerts, 'list' | 'settle'>
  readonly performance: Pick<PerformanceMonitor, 'views' | 'takeReference' | 'alerts'>
  readonly fairness: Pick<FairnessMonitor, 'views' | 'alerts'>
  readonly auditFeeds: Pick<AuditFeeds, 'views'>
  readonly registry: Registry
  readonly aliases: AliasBook
  readonly cards: Pick<ModelCards, 'document' | 'graphs'>
  readonly mlflow: MlflowParts
  readonly webhooks: WebhookBook
  readonly change: ChangeDesk
  readonly governance: GovernanceRepository
  readonly notes: ApprovalNotes
  readonly keys: KeyBook
  /** Undefined until the key ceremony has set a policy. */
  readonly signing: SigningDesk | undefined
  readonly signingAlarms: Pick<SigningAlarms, 'newest' | 'raise'>
  /** Undefined until the repository's key ceremony has taken place. */
  readonly releases: ReleaseService | undefined
  readonly recalls: RecallService | undefined
  readonly rollouts: Rollouts
  readonly reports: ReportDesk
  /** What devices without a link sent by hand. */
  readonly kits: Pick<CarriedKits, 'take' | 'acknowledgement'>
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
  /** How the way through an Azure IoT Hub is doing; null where there is none. */
  readonly azureStatus: () => AzureSideStatus | null
  readonly desired: DesiredBook
  readonly reported: ReportedBook
  /** Tells a device what should be so, now or when it next comes. */
  readonly tell: (device: DeviceId) => void
  readonly invitations: Invitations
  /** What every box pins. */
  readonly anchoring: Pick<Anchoring, 'anchors'>
  /** The key that signs desired documents. */
  readonly signer: Pick<DesiredSigner, 'current' | 'rotate'>
  /** SHA-256 of the hub's authority, hexadecimal. */
  readonly authorityFingerprint: () => Promise<string>
  /** Ends the connections of a device. */
  readonly disconnect: (device: string) => void
  /** Tells the devices that the repository may have changed. */
  readonly announce: () => void
}
