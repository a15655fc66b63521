import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, canonicalJson, type Logger } from '@leadglass/sync-agent/foundation'
import { hubRun } from './mlflow-api/index.ts'
import { type ExperimentTracking, MlflowTracking, type RunStore, type TrackedRun } from './training/index.ts'
import type { MlflowSettings } from './training/tracking/index.ts'

/** Runs that a tracking server is told of, the newest first: what is older was told long ago. */
const TRACKED_RUNS = 5000
const TRACKED_STATUS = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const

/** What tracking is made of. */
export interface TrackingParts {
  /** Undefined where no server is configured. */
  readonly settings: MlflowSettings | undefined
  readonly runs: RunStore
  /** Where runs have their folders. */
  readonly folder: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Tells an MLflow server of the hub's runs, where one is configured. */
export function composeTracking({
  settings,
  runs,
  folder,
  clock,
  logger,
}: TrackingParts): ExperimentTracking | undefined {
  if (settings === undefined) return undefined
  return new MlflowTracking({
    settings,
    source: {
      versions: () => runs.versions(TRACKED_RUNS),
      run: (wanted) => tracked(runs, wanted),
      files: async (run) => {
        const record = runs.run(run)?.record
        const files = ['report.json', 'head.onnx'].map(async (name) => {
          const bytes = await readFile(join(folder, run, name)).catch(() => undefined)
          return bytes === undefined ? [] : [{ name, bytes }]
        })
        const kept = record == null ? [] : [{ name: 'record.json', bytes: Buffer.from(canonicalJson(record)) }]
        return [...(await Promise.all(files)).flat(), ...kept]
      },
    },
    folder: join(folder, 'tracking'),
    clock,
    logger,
  })
}

/** A run as MLflow's own form of it says it; the same words as where the hub serves MLflow's interface. */
function tracked(runs: RunStore, wanted: string): TrackedRun | undefined {
  const run = runs.run(wanted)
  if (run === undefined) return undefined
  const { name, user, status, startMs, endMs, params, metrics, tags } = hubRun(run)
  return {
    run: run.run,
    name,
    user,
    status: TRACKED_STATUS.find((one) => one === status) ?? 'RUNNING',
    startMs,
    endMs,
    params: Object.fromEntries(params.map(({ key, value }) => [key, value])),
    metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
    tags: Object.fromEntries([
      ...tags.map(({ key, value }) => [key, value] as const),
      ['leadglass.executor', run.executor],
    ]),
  }
}
