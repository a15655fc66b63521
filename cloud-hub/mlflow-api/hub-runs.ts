import type { TrainingRun } from '../training/index.ts'
import type { Experiment, LoggedMetric, LoggedRun } from './run-rows.ts'

/** The hub's own training runs stand in this experiment, which nobody else writes. */
export const HUB_EXPERIMENT: Experiment = {
  id: '0',
  name: 'hub-training',
  lifecycle: 'active',
  createdMs: 0,
  updatedMs: 0,
  tags: [{ key: 'leadglass.read-only', value: 'true' }],
}

/** MLflow's run identifiers have no hyphens. */
export function mlflowRunId(run: string): string {
  return run.replaceAll('-', '')
}

/** A training run of the hub in MLflow's form. */
export function hubRun(run: TrainingRun): LoggedRun {
  const startMs = Date.parse(run.startedAt ?? run.createdAt)
  const endMs = run.endedAt === null ? null : Date.parse(run.endedAt)
  const tags = {
    'leadglass.state': run.state,
    'leadglass.snapshot': run.snapshot,
    'leadglass.candidate': run.candidate?.digest ?? null,
    'leadglass.code': run.report?.code ?? null,
  }
  return {
    run: mlflowRunId(run.run),
    experiment: HUB_EXPERIMENT.id,
    name: `${run.model} ${run.finding}`,
    user: run.requestedBy,
    status: statusOf(run.state),
    lifecycle: 'active',
    startMs,
    endMs,
    metrics: metricsOf(run, endMs ?? startMs),
    params: [
      { key: 'finding', value: run.finding },
      { key: 'parent', value: run.parentDigest },
      { key: 'seed', value: run.seed },
    ],
    tags: Object.entries(tags).flatMap(([key, value]) => (value === null ? [] : [{ key, value }])),
  }
}

function statusOf(state: TrainingRun['state']): string {
  switch (state) {
    case 'queued':
      return 'SCHEDULED'
    case 'freezing':
    case 'training':
    case 'packaging':
      return 'RUNNING'
    case 'candidate':
      return 'FINISHED'
    case 'cancelled':
      return 'KILLED'
    case 'stopped':
    case 'failed':
    case 'interrupted':
      return 'FAILED'
  }
}

function metricsOf({ report }: TrainingRun, timestamp: number): LoggedMetric[] {
  if (report === null) return []
  const { candidate, parentModel, comparison } = report
  const values: Readonly<Record<string, number>> = {
    auc: candidate.auc.value,
    'auc.low': candidate.auc.low,
    'auc.high': candidate.auc.high,
    sensitivity: candidate.sensitivity.value,
    specificity: candidate.specificity.value,
    brier: candidate.brier,
    'parent.auc': parentModel.auc.value,
    'auc-minus-parent': comparison.difference,
  }
  return Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step: 0 }))
}
