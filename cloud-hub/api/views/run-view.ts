import type { TrainingRun as ShownRun } from '@leadglass/ui/contract/hub-api'
import type { SnapshotManifest } from '../../lake/index.ts'
import type { RunState, TrainingRun } from '../../training/index.ts'
import { gatesOfReport } from './gates.ts'
import { metricsOfReport } from './metrics.ts'

const SHOWN_STATE: Readonly<Record<RunState, ShownRun['state']>> = {
  queued: 'queued',
  freezing: 'running',
  training: 'running',
  packaging: 'running',
  candidate: 'succeeded',
  stopped: 'stopped-by-gate',
  failed: 'failed',
  interrupted: 'interrupted',
  cancelled: 'cancelled',
}

const WORDS: Readonly<Record<RunState, string>> = {
  queued: 'waiting for the run before it',
  freezing: 'fixing the dataset',
  training: 'training',
  packaging: 'gates passed, building the package',
  candidate: 'a candidate was registered',
  stopped: 'stopped',
  failed: 'failed',
  interrupted: 'the hub ended during each attempt; it can be started again',
  cancelled: 'cancelled',
}

/** A run as people see it. @param snapshot the dataset, once it is fixed. */
export function runView(run: TrainingRun, snapshot: SnapshotManifest | undefined): ShownRun {
  return {
    run: run.run,
    state: SHOWN_STATE[run.state],
    finding: run.finding,
    model: run.model,
    message: run.reason ?? WORDS[run.state],
    progress: run.progress / 100,
    snapshot: run.snapshot,
    rows: snapshot === undefined ? [] : rowsOf(snapshot),
    metrics: run.report === null ? [] : metricsOfReport(run.report),
    gates: run.report === null ? [] : gatesOfReport(run.report.gates),
    candidate: run.candidate === null ? null : { name: run.model, ...run.candidate },
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    cause: run.cause,
    requestedBy: run.requestedBy,
    attempt: run.attempt,
    executor: run.executor,
    record: run.record,
  }
}

/** From envelopes to rows: what came in, what was left out and why, what remained. */
function rowsOf({ accounting }: SnapshotManifest): ShownRun['rows'] {
  return [
    { name: 'feature envelopes', rows: accounting.envelopes },
    ...Object.entries(accounting.excluded).map(([reason, rows]) => ({ name: `left out: ${reason}`, rows })),
    { name: 'rows of the dataset', rows: accounting.rows },
  ]
}
