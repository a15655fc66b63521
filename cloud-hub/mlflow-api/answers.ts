import type { ModelVersion } from '../registry/index.ts'
import type { Experiment, LoggedMetric, LoggedRun, Tag } from './run-rows.ts'

/** MLflow's forms of what the hub knows. Numbers of 64 bits are JSON numbers here: all of them are below 2^53. */
export function experimentAnswer(experiment: Experiment): Readonly<Record<string, unknown>> {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: `mlflow-artifacts:/experiments/${experiment.id}`,
    lifecycle_stage: experiment.lifecycle,
    creation_time: experiment.createdMs,
    last_update_time: experiment.updatedMs,
    tags: experiment.tags,
  }
}

export function runAnswer(run: LoggedRun): Readonly<Record<string, unknown>> {
  return {
    info: {
      run_id: run.run,
      run_uuid: run.run,
      run_name: run.name,
      experiment_id: run.experiment,
      user_id: run.user,
      status: run.status,
      start_time: run.startMs,
      ...(run.endMs === null ? {} : { end_time: run.endMs }),
      artifact_uri: `mlflow-artifacts:/runs/${run.run}`,
      lifecycle_stage: run.lifecycle,
    },
    data: { metrics: run.metrics.map(metricAnswer), params: run.params, tags: run.tags },
    inputs: {},
  }
}

export function metricAnswer({ key, value, timestamp, step }: LoggedMetric): Readonly<Record<string, unknown>> {
  return { key, value: Number.isFinite(value) ? value : String(value), timestamp, step }
}

/** A version as MLflow knows it. Its stage is always `None`: where a version stands follows from signatures. */
export interface NumberedVersion {
  readonly version: ModelVersion
  readonly number: number
  readonly state: string
  readonly aliases: readonly string[]
  readonly tags: readonly Tag[]
  readonly run: string | undefined
}

export function versionAnswer(numbered: NumberedVersion): Readonly<Record<string, unknown>> {
  const { version, number, state, aliases, tags, run } = numbered
  const at = Date.parse(version.importedAt)
  return {
    name: version.model.name,
    version: String(number),
    creation_timestamp: at,
    last_updated_timestamp: at,
    user_id: version.author,
    current_stage: 'None',
    description: version.title,
    source: sourceOf(version),
    ...(run === undefined ? {} : { run_id: run }),
    status: 'READY',
    tags: [
      { key: 'leadglass.version', value: version.model.version },
      { key: 'leadglass.digest', value: version.model.digest },
      { key: 'leadglass.state', value: state },
      ...tags,
    ],
    aliases,
  }
}

/** Where the files of a version are read: the hub's artifact address, by digest. */
export function sourceOf({ model }: ModelVersion): string {
  return `mlflow-artifacts:/${model.digest}`
}
