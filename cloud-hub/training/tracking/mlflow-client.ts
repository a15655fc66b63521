import { z } from 'zod'
import { RestClient, restSettings } from '../rest/rest-client.ts'
import { RestError } from '../rest/rest-error.ts'
import type { TrackedFile, TrackedRun } from './port.ts'

/** How an MLflow server is reached. */
export const mlflowSettings = z.strictObject({
  ...restSettings.shape,
  experiment: z
    .string()
    .regex(/^[\w .:-]{1,200}$/)
    .default('leadglass'),
})
export type MlflowSettings = z.infer<typeof mlflowSettings>

/** The tag that finds a run again whose creation was answered to nobody. */
const RUN_TAG = 'leadglass.run'
/** Limits of one log-batch call, MLflow REST API. */
const BATCH = { metrics: 1000, params: 100, tags: 100 } as const
/** Limits of MLflow: characters of a parameter and of a tag. */
const MAX_VALUE = { param: 6000, tag: 8000 } as const

const remoteId = z.string().regex(/^[0-9a-f]{32}$/)
const runInfo = z.looseObject({ info: z.looseObject({ run_id: remoteId, artifact_uri: z.string().max(2000) }) })
const experimentId = z.string().max(40)
const found = z.looseObject({ runs: z.array(runInfo).max(10).optional() })
const nothing = z.looseObject({})

/** A run at the server. */
export interface RemoteRun {
  readonly id: string
  readonly artifactUri: string
}

/** The calls of MLflow's REST API (2.0) that tracking needs. Each one may be repeated. */
export class MlflowClient {
  readonly #client: RestClient
  readonly #experiment: string

  /** @param stopped ends a call that is under way. */
  constructor(settings: MlflowSettings, stopped: AbortSignal) {
    this.#client = new RestClient(settings, stopped)
    this.#experiment = settings.experiment
  }

  /** The identifier of our experiment, made when it is not there. @throws {RestError} */
  async experiment(): Promise<string> {
    const query = { experiment_name: this.#experiment }
    const byName = z.looseObject({ experiment: z.looseObject({ experiment_id: experimentId }) })
    const get = () => this.#client.json(byName, { method: 'GET', path: path('experiments/get-by-name'), query })
    try {
      return (await get()).experiment.experiment_id
    } catch (error) {
      if (!(error instanceof RestError && error.code === 'not-found')) throw error
    }
    try {
      const made = z.looseObject({ experiment_id: experimentId })
      const body = { name: this.#experiment }
      return (await this.#client.json(made, { method: 'POST', path: path('experiments/create'), body })).experiment_id
    } catch (error) {
      // Somebody else made it in between, or the answer of an earlier call was lost.
      if (!(error instanceof RestError && error.word === 'RESOURCE_ALREADY_EXISTS')) throw error
      return (await get()).experiment.experiment_id
    }
  }

  /** The run that carries our identifier, made when there is none. @throws {RestError} */
  async run(experiment: string, run: TrackedRun): Promise<RemoteRun> {
    const filter = `tags.\`${RUN_TAG}\` = '${run.run}'`
    const search = { experiment_ids: [experiment], filter, max_results: 1, run_view_type: 'ACTIVE_ONLY' }
    const { runs } = await this.#client.json(found, { method: 'POST', path: path('runs/search'), body: search })
    const [known] = runs ?? []
    if (known !== undefined) return { id: known.info.run_id, artifactUri: known.info.artifact_uri }
    const body = {
      experiment_id: experiment,
      run_name: run.name,
      start_time: run.startMs,
      tags: [
        { key: RUN_TAG, value: run.run },
        { key: 'mlflow.user', value: run.user },
      ],
    }
    const made = z.looseObject({ run: runInfo })
    const { info } = (await this.#client.json(made, { method: 'POST', path: path('runs/create'), body })).run
    return { id: info.run_id, artifactUri: info.artifact_uri }
  }

  /** Writes what a run says. The same values at the same instant and step are one entry to the server. @throws {RestError} */
  async describe(remote: RemoteRun, run: TrackedRun): Promise<void> {
    const timestamp = run.endMs ?? run.startMs
    const metrics = Object.entries(run.metrics).flatMap(([key, value]) =>
      Number.isFinite(value) ? [{ key, value, timestamp, step: 0 }] : [],
    )
    const params = entries(run.params, MAX_VALUE.param)
    const tags = entries(run.tags, MAX_VALUE.tag)
    const rounds = Math.max(
      ...[metrics.length / BATCH.metrics, params.length / BATCH.params, tags.length / BATCH.tags].map(Math.ceil),
    )
    for (let round = 0; round < rounds; round++) {
      const part = <T>(all: readonly T[], size: number): readonly T[] => all.slice(round * size, (round + 1) * size)
      const body = {
        run_id: remote.id,
        metrics: part(metrics, BATCH.metrics),
        params: part(params, BATCH.params),
        tags: part(tags, BATCH.tags),
      }
      await this.#client.json(nothing, { method: 'POST', path: path('runs/log-batch'), body })
    }
  }

  /**
   * Lays a file beside a run, through the server. @returns false where the server does not take files itself: its clients
   * then write to its store, which the hub has no key of.
   */
  async upload(remote: RemoteRun, file: TrackedFile): Promise<boolean> {
    // mlflow-artifacts:/path, or mlflow-artifacts://host:port/path (the server's own store).
    const base = /^mlflow-artifacts:(?:\/\/[^/]*)?\/([A-Za-z0-9_./-]+)$/.exec(remote.artifactUri)?.[1]
    if (base === undefined || base.split('/').includes('..')) return false
    const segments = [...base.split('/'), ...file.name.split('/')].map(encodeURIComponent)
    const target = `/api/2.0/mlflow-artifacts/artifacts/${segments.join('/')}`
    await this.#client.bytes({ method: 'PUT', path: target, body: file.bytes })
    return true
  }

  /** Sets how the run stands. @throws {RestError} */
  async close(remote: RemoteRun, run: TrackedRun): Promise<void> {
    const body = {
      run_id: remote.id,
      status: run.status,
      run_name: run.name,
      ...(run.endMs === null ? {} : { end_time: run.endMs }),
    }
    await this.#client.json(nothing, { method: 'POST', path: path('runs/update'), body })
  }
}

function path(method: string): string {
  return `/api/2.0/mlflow/${method}`
}

function entries(values: Readonly<Record<string, string>>, limit: number) {
  return Object.entries(values).map(([key, value]) => ({ key, value: value.slice(0, limit) }))
}
