import type { AuditFeeds, AuditLog } from '@leadglass/sync-agent/audit-log'
import type { AgentStatusFile } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary, StopDesk } from '../activation/index.ts'
import type { BackfillDesk } from '../backfill/index.ts'
import type { BreachDesk } from '../breach/index.ts'
import type { ScoringStatus } from '../compose-scoring-plan.ts'
import type { Corrections } from '../corrections/index.ts'
import type { DeploymentCounter, DeploymentDesk } from '../deployment/index.ts'
import type { DesiredStateService } from '../desired-state/index.ts'
import type { AuditSink, Checkpoints, EgressDoor, EpochProver, HoldDesk, ResealDesk } from '../egress/index.ts'
import type { EnrolmentDesk } from '../enrolment/index.ts'
import type { ExplanationDesk } from '../explanation/index.ts'
import type { Exporter, ReviewDesk } from '../pixel-review/index.ts'
import type { PressureGauge } from '../pressure/index.ts'
import type { Records } from '../records/index.ts'
import type { DeliveryQueue } from '../results/index.ts'
import type { Holds, KeyPlacement, Retention } from '../retention/index.ts'
import type { RuleBook } from '../rules/index.ts'
import type { ScoringApiContext, ScoringTokens } from '../scoring-api/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { SettingsDesk } from '../site-settings/index.ts'
import type { HubLogWatch } from '../witness/index.ts'
import type { Sessions } from './sessions.ts'
import type { StudyEvents } from './study-events.ts'

/** What the routes of the local interface work with. */
export interface LocalApiContext {
  readonly records: Records
  readonly sessions: Sessions
  readonly settings: CurrentSettings
  readonly rules: RuleBook
  readonly retention: Pick<Retention, 'plan' | 'run'>
  readonly holds: Holds
  readonly keyPlacement: () => Promise<KeyPlacement>
  readonly exporter: Pick<Exporter, 'export'>
  readonly reviews: Pick<ReviewDesk, 'list' | 'find' | 'look' | 'release' | 'refuse'>
  readonly corrections: Pick<Corrections, 'merge' | 'undoMerge' | 'correctAccession'>
  /** Absent where nothing scores. */
  readonly explanations?: Pick<ExplanationDesk, 'list' | 'make' | 'read'>
  readonly library: ModelLibrary
  readonly stops: StopDesk
  readonly deployments: {
    readonly desk: DeploymentDesk
    readonly counter: Pick<DeploymentCounter, 'figures' | 'verdict'>
  }
  /** Absent where nothing works on them. */
  readonly backfills?: BackfillDesk
  /** What runs the models; absent where nothing scores. */
  readonly scoringStatus?: () => ScoringStatus
  /** The interface for programs; absent where nothing scores. */
  readonly scoringApi?: ScoringApiContext & { readonly tokens: ScoringTokens }
  readonly deliveries: Pick<DeliveryQueue, 'wake' | 'retryNow' | 'circuit'>
  readonly door: EgressDoor
  readonly audit: AuditSink
  readonly log: AuditLog
  /** What the agent saw of the hub's log; absent where nobody looks. */
  readonly hubLog?: Pick<HubLogWatch, 'state'>
  /** What the hub wishes; absent where no hub is. */
  readonly desiredState?: Pick<DesiredStateService, 'refused' | 'isUnsigned'>
  /** Absent where no hub is. */
  readonly enrolment?: Pick<EnrolmentDesk, 'view' | 'join' | 'confirm'>
  readonly breaches: Pick<BreachDesk, 'open' | 'add' | 'find' | 'list' | 'evidence'>
  /** Absent where nothing is told. */
  readonly auditFeeds?: Pick<AuditFeeds, 'views'>
  readonly checkpoints: Checkpoints
  readonly holdDesk: HoldDesk
  /** Absent where nothing goes to a hub. */
  readonly prover?: Pick<EpochProver, 'request'>
  readonly resealDesk?: Pick<ResealDesk, 'reseal'>
  readonly freeSpace: Pick<PressureGauge, 'isLow' | 'figures' | 'state'>
  readonly desk: SettingsDesk
  /** The DICOM conformance statement of the running configuration, as Markdown. */
  readonly statement: () => string
  readonly agentStatus: Pick<AgentStatusFile, 'read'>
  readonly events: StudyEvents
  readonly clock: Clock
  readonly randomness: Randomness
  readonly logger: Logger
  readonly facts: {
    readonly device: string
    readonly softwareVersion: string
    readonly aeTitle: string
    readonly dimsePort: () => number
    /** 0 while there is none. */
    readonly dimseTlsPort: () => number
    readonly startedAt: number
    /** Pseudonym under which the operator's labels stand. */
    readonly operatorPerson: string
  }
}
