import type { AuditEventCode } from '@leadglass/sync-agent/audit-log'
import type { AgentStatus, IdentityStatus } from '@leadglass/sync-agent/exchange'
import type { ActivationEffect } from '../activation/activation-machine.ts'
import type { NetworkServices } from '../dimse/index.ts'
import type {
  AssemblyState,
  BackfillOutcome,
  BackfillState,
  DeliveryState,
  ProcessingState,
} from '../records/vocabulary.ts'

/** What an act leaves in the log, or why it leaves nothing. */
type Leaves = readonly AuditEventCode[] | string
type Acts<Act extends string> = Readonly<Record<Act, Leaves>>

/** Of the DICOM port: every service that it can be composed of. */
const SERVICES: Acts<'association' | 'verification' | 'storage' | keyof NetworkServices> = {
  association: ['association.accepted', 'association.rejected', 'association.ended'],
  verification: ['echo.answered'],
  storage: ['instance.stored', 'instance.refused', 'instance.duplicate'],
  commitment: ['commitment.answered'],
  commitmentReports: ['result.delivered', 'result.refused'],
  query: ['query.answered'],
  procedureSteps: ['procedure-step.reported'],
  availability: ['availability.notified'],
}

const ASSEMBLY: Acts<AssemblyState> = {
  receiving: ['instance.stored', 'study.superseded'],
  complete: ['study.completed', 'study.routed'],
}

/** Of a revision, by the state in which the work leaves it. */
const PROCESSING: Acts<ProcessingState> = {
  queued: ['study.held', 'study.released', 'prior.fetched'],
  running: 'a claim that the next start takes back; what came of it is in the end',
  scored: ['study.deidentified', 'study.scored', 'study.egress-blocked', 'pixels.held', 'leak.suspected'],
  'not-scored': ['study.not-scored'],
  failed: ['study.not-scored', 'worker.killed'],
  quarantined: ['study.quarantined'],
}

const DELIVERY: Acts<DeliveryState | 'late'> = {
  pending: ['result.queued', 'result.refused', 'result.retried'],
  accepted: ['result.delivered'],
  dead: ['result.dead'],
  late: ['result.late', 'result.caught-up'],
}

const MODELS: Acts<ActivationEffect['kind'] | 'refused' | 'awaited' | 'recalled'> = {
  'begin-shadow': ['model.staged'],
  'end-shadow': 'part of the step whose other effect is in the log',
  use: ['model.activated'],
  restore: ['model.rolled-back'],
  withdraw: ['model.retired'],
  refused: ['model.refused', 'metadata.refused'],
  awaited: ['model.site-approval-awaited', 'model.site-approved'],
  recalled: ['model.recalled'],
}

const BACKFILLS: Acts<BackfillState | `study-${BackfillOutcome}`> = {
  running: ['backfill.changed'],
  paused: ['backfill.changed'],
  cancelled: ['backfill.changed'],
  finished: ['backfill.changed'],
  'study-scored': ['study.backfilled'],
  'study-not-scored': ['study.backfilled'],
  'study-failed': ['study.backfilled'],
  'study-skipped': 'no model worked on it; the job counts it',
}

/** What the agent can say of itself. */
const AGENT: Acts<keyof AgentStatus | keyof IdentityStatus> = {
  link: ['agent.reported'],
  updates: ['agent.reported'],
  refusedFiles: ['agent.reported'],
  settings: ['agent.reported'],
  certificate: ['agent.reported'],
  problem: ['agent.reported'],
  join: ['setting.changed'],
  anchors: ['trust.pinned'],
  lastAcknowledgementAt: ['egress.acknowledged'],
  lastError: ['agent.reported', 'egress.refused', 'egress.rewound'],
  waiting: 'a figure that changes all the time',
  hubUrl: 'changes with a certificate only',
  since: 'when the link changed',
  schema: 'no act',
  device: 'no act',
  at: 'no act',
}

/** Services of the process that act by themselves. */
const BY_ITSELF: Acts<
  | 'process'
  | 'clock'
  | 'pressure'
  | 'retention'
  | 'pseudonym-keys'
  | 'vault'
  | 'door'
  | 'epochs'
  | 'witness'
  | 'desired-state'
  | 'deployments'
  | 'scoring-interface'
  | 'corrections'
> = {
  process: ['process.started', 'process.stopped', 'process.recovered'],
  clock: ['clock.jumped'],
  pressure: ['intake.paused', 'intake.resumed', 'pressure.changed'],
  retention: ['study.expired'],
  'pseudonym-keys': ['pseudonyms.rotated'],
  vault: ['vault.anchored'],
  door: ['egress.sealed', 'egress.rejected'],
  epochs: ['epoch.opened', 'epoch.closed', 'epoch.compared'],
  witness: ['checkpoint.cosigned', 'log.inconsistent'],
  'desired-state': ['setting.changed', 'desired.refused'],
  deployments: ['deployment.started', 'deployment.stopped', 'deployment.promoted'],
  'scoring-interface': ['scoring.requested'],
  corrections: ['study.corrected', 'patient.merged', 'patient.merge-undone', 'access.refused'],
}

/** Commands that change the record while no process runs, or beside it. */
const OFFLINE: Acts<'initialise' | 'reset-passwords' | 'restore' | 'pin' | 'vault-enrol' | 'vault-open'> = {
  initialise: ['person.enrolled'],
  'reset-passwords': ['person.enrolled'],
  restore: ['backup.restored'],
  pin: ['trust.pinned'],
  'vault-enrol': ['vault.enrolled'],
  'vault-open': ['identity.opened'],
}

/** Everything by which the box changes its state without being asked over HTTP. Total by type: a new act needs a row. */
export const BOX_ACTS: readonly Readonly<Record<string, Leaves>>[] = [
  SERVICES,
  ASSEMBLY,
  PROCESSING,
  DELIVERY,
  MODELS,
  BACKFILLS,
  AGENT,
  BY_ITSELF,
  OFFLINE,
]
