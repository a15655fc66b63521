import { z } from 'zod'
import { RestClient, restSettings, serviceUrl } from '../../rest/rest-client.ts'
import { RestError } from '../../rest/rest-error.ts'
import type { JobStatus } from '../port.ts'
import { PLACE, scriptArguments } from './job-bundle.ts'
import type { RemoteApi } from './remote-executor.ts'

const API_VERSION = '2024-04-01'
const segment = z.string().regex(/^[A-Za-z0-9._()-]{1,128}$/)

/** An Azure Machine Learning workspace (REST, command jobs). Never run for real. */
export const azureMlSettings = z.strictObject({
  kind: z.literal('azure-ml'),
  ...restSettings.shape,
  url: serviceUrl.default('https://management.azure.com'),
  /** Holds a Microsoft Entra access token for the management interface; something else keeps it fresh. */
  tokenFile: z.string().min(1),
  subscription: z.uuid(),
  resourceGroup: segment,
  workspace: segment,
  compute: segment,
  /** Name and version of an environment of the workspace that holds pyspark and numpy. */
  environment: z.strictObject({ name: segment, version: segment }),
  experiment: segment.default('leadglass'),
  /** The folder of a datastore: as jobs name it, and where the hub has it mounted. */
  datastoreUri: z.string().regex(/^azureml:\/\/[^\s"'$`\\]{1,500}$/),
  sharedFolder: z.string().startsWith('/'),
  timeoutSeconds: z.number().int().min(60).max(604_800).default(14_400),
})
export type AzureMlSettings = z.infer<typeof azureMlSettings>

/** The states of a job as they are published (JobStatus). */
const STATES = {
  NotStarted: 'running',
  Starting: 'running',
  Provisioning: 'running',
  Preparing: 'running',
  Queued: 'running',
  Running: 'running',
  Finalizing: 'running',
  CancelRequested: 'running',
  NotResponding: 'running',
  Paused: 'running',
  Scheduled: 'running',
  Unknown: 'running',
  Completed: 'succeeded',
  Failed: 'failed',
  Canceled: 'cancelled',
} as const satisfies Record<string, JobStatus>
const jobAnswer = z.looseObject({
  name: z.string().max(260),
  properties: z.looseObject({
    jobType: z.literal('Command'),
    status: z.enum(Object.keys(STATES) as [keyof typeof STATES, ...(keyof typeof STATES)[]]).nullish(),
  }),
})

/** Runs jobs as command jobs of a workspace. Held against the published API by a contract test; never run for real. */
export class AzureMlApi implements RemoteApi {
  readonly #client: RestClient
  readonly #settings: AzureMlSettings

  constructor(settings: AzureMlSettings) {
    this.#settings = settings
    this.#client = new RestClient(settings)
  }

  async create(id: string, place: string): Promise<string> {
    try {
      await this.#client.json(jobAnswer, {
        method: 'PUT',
        path: this.#path(id),
        query: { 'api-version': API_VERSION },
        body: { properties: properties(this.#settings, id, place) },
      })
    } catch (error) {
      // A job cannot be changed once it is there: an earlier call whose answer was lost.
      if (!(error instanceof RestError && error.code === 'conflict')) throw error
    }
    return id
  }

  async status(handle: string): Promise<JobStatus> {
    const query = { 'api-version': API_VERSION }
    const { properties: found } = await this.#client.json(jobAnswer, { method: 'GET', path: this.#path(handle), query })
    return STATES[found.status ?? 'NotStarted']
  }

  async cancel(handle: string): Promise<void> {
    const query = { 'api-version': API_VERSION }
    try {
      await this.#client.bytes({ method: 'POST', path: `${this.#path(handle)}/cancel`, query })
    } catch (error) {
      if (!(error instanceof RestError && error.code === 'not-found')) throw error
    }
  }

  #path(id: string): string {
    return `${workspacePath(this.#settings)}/jobs/${encodeURIComponent(id)}`
  }
}

function workspacePath({ subscription, resourceGroup, workspace }: AzureMlSettings): string {
  return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices/workspaces/${workspace}`
}

function properties(settings: AzureMlSettings, id: string, place: string) {
  const { compute, environment, experiment, timeoutSeconds } = settings
  const workspace = workspacePath(settings)
  // The service replaces this by where the place is mounted.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Azure ML's own expression.
  const mounted = '${{outputs.place}}'
  const words = ['spark-submit', '--master', 'local[*]', `${mounted}/${PLACE.script}`, ...scriptArguments(mounted)]
  return {
    jobType: 'Command',
    displayName: id,
    experimentName: experiment,
    computeId: `${workspace}/computes/${compute}`,
    environmentId: `${workspace}/environments/${environment.name}/versions/${environment.version}`,
    command: words.join(' '),
    // One place, read and written: the order and its result lie side by side.
    outputs: { place: { jobOutputType: 'uri_folder', uri: place, mode: 'ReadWriteMount' } },
    limits: { jobLimitsType: 'Command', timeout: `PT${timeoutSeconds}S` },
  }
}
