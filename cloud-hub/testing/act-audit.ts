import type { AuditEventCode } from '@leadglass/sync-agent/audit-log'
import type { EnvelopeBody } from '@leadglass/sync-agent/contract'
import type { RunState } from '../training/run-store.ts'

/** What an act leaves in the log, or why it leaves nothing. */
type Leaves = readonly AuditEventCode[] | string
type Acts<Act extends string> = Readonly<Record<Act, Leaves>>

const COMMITTED = ['ingest.committed', 'ingest.refused'] as const

/** What a device sends, by its kind. One entry for a group: each envelope has its own place in the tables. */
const INGEST: Acts<EnvelopeBody['kind']> = {
  'instance-features': COMMITTED,
  'not-scored': COMMITTED,
  'study-label': COMMITTED,
  'drift-counts': COMMITTED,
  'deployment-statistics': COMMITTED,
  'audit-leaf': COMMITTED,
  'audit-checkpoint': ['ingest.committed', 'checkpoint.cosigned', 'log.inconsistent'],
  'device-health': COMMITTED,
  'study-revision': COMMITTED,
  'epoch-root': ['epoch.compared'],
  'reported-state': COMMITTED,
}

const RUNS: Acts<RunState> = {
  queued: ['training.started', 'training.triggered'],
  freezing: ['dataset.frozen'],
  training: 'goes on to packaging or ends; its curve is in the run',
  packaging: ['evaluation.recorded'],
  candidate: ['training.finished', 'model.registered'],
  stopped: ['training.refused'],
  failed: ['training.refused'],
  interrupted: 'found at a start, which is in the log; each attempt has its own training.started',
  cancelled: ['training.refused'],
}

/** What the hub does by itself, and what devices ask it for beside their envelopes. */
const BY_ITSELF: Acts<
  | 'process'
  | 'clock'
  | 'keys'
  | 'deadlines'
  | 'metadata'
  | 'drift'
  | 'performance'
  | 'fairness'
  | 'links'
  | 'joining'
  | 'renewing'
  | 'gate'
  | 'anchoring'
  | 'mlflow'
  | 'reproductions'
> = {
  process: ['process.started', 'process.stopped'],
  clock: ['clock.jumped'],
  keys: ['key.changed'],
  deadlines: ['approval.reminded', 'approval.expired'],
  metadata: ['metadata.published'],
  drift: ['drift.alerted'],
  performance: ['performance.referenced', 'performance.alerted'],
  fairness: ['fairness.alerted'],
  links: ['device.connected', 'device.silent'],
  joining: ['device.enrolled'],
  renewing: ['device.renewed'],
  gate: ['device.held'],
  anchoring: ['device.anchored'],
  reproductions: ['training.reproduced'],
  mlflow: ['experiment.recorded', 'alias.changed'],
}

/** Everything by which the hub changes its state without being asked over its own interface. Total by type. */
export const HUB_OWN_ACTS: readonly Readonly<Record<string, Leaves>>[] = [INGEST, RUNS, BY_ITSELF]
