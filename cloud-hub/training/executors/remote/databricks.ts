import { z } from 'zod'
import { RestClient, restSettings } from '../../rest/rest-client.ts'
import { RestError } from '../../rest/rest-error.ts'
import type { JobStatus } from '../port.ts'
import { PLACE, scriptArguments } from './job-bundle.ts'
import type { RemoteApi } from './remote-executor.ts'

/** A Databricks workspace (Jobs API 2.2, Files API 2.0). Never run for real. */
export const databricksSettings = z.strictObject({
  kind: z.literal('databricks'),
  ...restSettings.shape,
  tokenFile: z.string().min(1),
  /** The Unity Catalog volume, or a folder of it, that jobs have their places in. */
  volume: z.string().regex(/^\/Volumes(?:\/[A-Za-z0-9_.-]{1,200}){3,8}$/),
  /** A cluster that is there, or one that is made for the job and ended with it. */
  cluster: z.union([
    z.strictObject({ existingClusterId: z.string().regex(/^[A-Za-z0-9-]{1,100}$/) }),
    z.strictObject({
      sparkVersion: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
      nodeType: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
      workers: z.number().int().min(0).max(1000),
    }),
  ]),
  timeoutSeconds: z.number().int().min(60).max(604_800).default(14_400),
})
export type DatabricksSettings = z.infer<typeof databricksSettings>

/** An int64 in JSON; one that JavaScript cannot hold exactly is refused rather than rounded into another run. */
const runId = z.number().int().positive()

const submitted = z.looseObject({ run_id: runId })
/** As much of runs/get as is read: RunState of the Jobs API. */
const runAnswer = z.looseObject({
  run_id: runId,
  state: z.looseObject({
    life_cycle_state: z.enum([
      'QUEUED',
      'PENDING',
      'RUNNING',
      'TERMINATING',
      'TERMINATED',
      'SKIPPED',
      'INTERNAL_ERROR',
      'BLOCKED',
      'WAITING_FOR_RETRY',
    ]),
    result_state: z.string().max(100).optional(),
  }),
})

/** Runs jobs with runs/submit. Held against the published API by a contract test; never run for real. */
export class DatabricksApi implements RemoteApi {
  readonly #client: RestClient
  readonly #settings: DatabricksSettings

  constructor(settings: DatabricksSettings) {
    this.#settings = settings
    this.#client = new RestClient(settings)
  }

  async create(id: string, place: string): Promise<string> {
    const body = submitBody(this.#settings, id, place)
    const { run_id } = await this.#client.json(submitted, { method: 'POST', path: '/api/2.2/jobs/runs/submit', body })
    return String(run_id)
  }

  async status(handle: string): Promise<JobStatus> {
    const query = { run_id: handle }
    const { state } = await this.#found(() =>
      this.#client.json(runAnswer, { method: 'GET', path: '/api/2.2/jobs/runs/get', query }),
    )
    switch (state.life_cycle_state) {
      case 'TERMINATED':
        if (state.result_state === 'SUCCESS') return 'succeeded'
        return state.result_state === 'CANCELED' || state.result_state === 'UPSTREAM_CANCELED' ? 'cancelled' : 'failed'
      case 'SKIPPED':
      case 'INTERNAL_ERROR':
        return 'failed'
      case 'QUEUED':
      case 'PENDING':
      case 'RUNNING':
      case 'TERMINATING':
      case 'BLOCKED':
      case 'WAITING_FOR_RETRY':
        return 'running'
    }
  }

  async cancel(handle: string): Promise<void> {
    try {
      const body = { run_id: Number(handle) }
      const call = { method: 'POST', path: '/api/2.2/jobs/runs/cancel', body } as const
      await this.#found(() => this.#client.json(z.looseObject({}), call))
    } catch (error) {
      if (!(error instanceof RestError && error.code === 'not-found')) throw error
    }
  }

  /** A run that is not there is answered with 400 and a word. */
  async #found<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof RestError && error.word === 'RESOURCE_DOES_NOT_EXIST') {
        throw new RestError('not-found', error.message, { cause: error })
      }
      throw error
    }
  }
}

function submitBody(settings: DatabricksSettings, id: string, place: string) {
  const { cluster, timeoutSeconds } = settings
  const where =
    'existingClusterId' in cluster
      ? { existing_cluster_id: cluster.existingClusterId }
      : {
          new_cluster: {
            spark_version: cluster.sparkVersion,
            node_type_id: cluster.nodeType,
            num_workers: cluster.workers,
          },
        }
  return {
    run_name: id,
    // At most 64 characters. A second call with the same one gives the run of the first.
    idempotency_token: id,
    timeout_seconds: timeoutSeconds,
    tasks: [
      {
        task_key: 'fit',
        spark_python_task: { python_file: `${place}/${PLACE.script}`, parameters: scriptArguments(place) },
        ...where,
      },
    ],
  }
}
