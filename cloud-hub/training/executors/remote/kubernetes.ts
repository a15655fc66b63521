import { z } from 'zod'
import { RestClient, restSettings } from '../../rest/rest-client.ts'
import { RestError } from '../../rest/rest-error.ts'
import type { JobStatus } from '../port.ts'
import { PLACE, scriptArguments } from './job-bundle.ts'
import type { RemoteApi } from './remote-executor.ts'

const dnsLabel = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
/** A quantity of resources, such as "2", "500m" or "4Gi". */
const quantity = z.string().regex(/^\d{1,6}(?:m|[KMGT]i?)?$/)

/** A Kubernetes cluster (batch/v1 Jobs). Never run for real. */
export const kubernetesSettings = z.strictObject({
  kind: z.literal('kubernetes'),
  ...restSettings.shape,
  /** A bearer token is the only way in; a service account that may do nothing but Jobs and Pods of its namespace suffices. */
  tokenFile: z.string().min(1),
  namespace: dnsLabel,
  /** By digest, so that nobody changes what runs under a name. Must hold pyspark and numpy. */
  image: z.string().regex(/^[a-z0-9][A-Za-z0-9._:/-]{0,250}@sha256:[0-9a-f]{64}$/),
  /** The claimed volume that the hub has mounted at `sharedFolder`. */
  volumeClaim: dnsLabel,
  sharedFolder: z.string().startsWith('/'),
  mountPath: z.string().startsWith('/').default('/leadglass'),
  cpu: quantity.default('2'),
  memory: quantity.default('4Gi'),
  userId: z.number().int().min(1).max(65_535).default(65_532),
  /** When the cluster ends a job, in seconds. */
  deadlineSeconds: z.number().int().min(60).max(604_800).default(14_400),
})
export type KubernetesSettings = z.infer<typeof kubernetesSettings>

/** As much of a Job as is read (Kubernetes API, batch/v1 JobStatus). */
const jobAnswer = z.looseObject({
  kind: z.literal('Job'),
  metadata: z.looseObject({ name: z.string(), deletionTimestamp: z.string().nullish() }),
  status: z
    .looseObject({
      conditions: z
        .array(z.looseObject({ type: z.string().max(100), status: z.string().max(20) }))
        .max(100)
        .nullish(),
    })
    .nullish(),
})

/** Runs jobs as batch/v1 Jobs. Held against the published API by a contract test; never run for real. */
export class KubernetesApi implements RemoteApi {
  readonly #client: RestClient
  readonly #settings: KubernetesSettings

  constructor(settings: KubernetesSettings) {
    this.#settings = settings
    this.#client = new RestClient(settings)
  }

  async create(id: string, place: string): Promise<string> {
    const body = jobBody(this.#settings, id, place)
    try {
      await this.#client.json(jobAnswer, { method: 'POST', path: this.#path(), body })
    } catch (error) {
      // AlreadyExists: an earlier call whose answer was lost.
      if (!(error instanceof RestError && error.code === 'conflict')) throw error
    }
    return id
  }

  async status(handle: string): Promise<JobStatus> {
    const job = await this.#client.json(jobAnswer, { method: 'GET', path: this.#path(handle) })
    const holds = (type: string): boolean =>
      (job.status?.conditions ?? []).some((one) => one.type === type && one.status === 'True')
    if (holds('Complete')) return 'succeeded'
    if (holds('Failed')) return 'failed'
    return job.metadata.deletionTimestamp == null ? 'running' : 'cancelled'
  }

  async cancel(handle: string): Promise<void> {
    // Foreground: the Job is gone when its pods are.
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' }
    try {
      await this.#client.json(z.looseObject({}), { method: 'DELETE', path: this.#path(handle), body })
    } catch (error) {
      if (!(error instanceof RestError && error.code === 'not-found')) throw error
    }
  }

  #path(name?: string): string {
    const all = `/apis/batch/v1/namespaces/${this.#settings.namespace}/jobs`
    return name === undefined ? all : `${all}/${encodeURIComponent(name)}`
  }
}

function jobBody(settings: KubernetesSettings, id: string, place: string) {
  const { image, volumeClaim, mountPath, cpu, memory, userId, deadlineSeconds } = settings
  const labels = { 'app.kubernetes.io/name': 'leadglass-training', 'app.kubernetes.io/instance': id }
  const resources = { cpu, memory }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: id, labels },
    spec: {
      // The hub decides about another attempt, not the cluster.
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineSeconds,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: userId, fsGroup: userId },
          containers: [
            {
              name: 'fit',
              image,
              command: ['spark-submit', '--master', 'local[*]', `${place}/${PLACE.script}`],
              args: scriptArguments(place),
              resources: { requests: resources, limits: resources },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [{ name: 'shared', mountPath }],
            },
          ],
          volumes: [{ name: 'shared', persistentVolumeClaim: { claimName: volumeClaim } }],
        },
      },
    },
  }
}
