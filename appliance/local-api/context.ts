import type { AuditLog } from '@leadglass/sync-agent/audit-log'
import type { AgentStatusFile } from '@leadglass/sync-agent/exchange'
import type { Clock, Logger, Randomness } from '@leadglass/sync-agent/foundation'
import type { ModelLibrary } from '../activation/index.ts'
import type { AuditSink, Checkpoints, EgressDoor } from '../egress/index.ts'
import type { FreeSpace } from '../intake/index.ts'
import type { Records } from '../records/index.ts'
import type { DeliveryQueue } from '../results/index.ts'
import type { CurrentSettings } from '../settings.ts'
import type { Sessions } from './sessions.ts'
import type { StudyEvents } from './study-events.ts'

/** What the routes of the local interface work with. */
export interface LocalApiContext {
  readonly records: Records
  readonly sessions: Sessions
  readonly settings: CurrentSettings
  readonly library: ModelLibrary
  readonly deliveries: Pick<DeliveryQueue, 'wake'>
  readonly door: EgressDoor
  readonly audit: AuditSink
  readonly log: AuditLog
  readonly checkpoints: Checkpoints
  readonly freeSpace: Pick<FreeSpace, 'isLow' | 'figures'>
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
    readonly startedAt: number
    /** Pseudonym under which the operator's labels stand. */
    readonly operatorPerson: string
  }
}
