import { z } from 'zod'
import { FakeService } from './fake-service.ts'

const quantities = z.strictObject({ cpu: z.string(), memory: z.string() })
const labels = z.record(z.string(), z.string().max(63))
/** What is sent of a Job, strictly: every member is one of the published batch/v1 Job, PodSpec or Container. */
const jobBody = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.strictObject({ name: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/), labels }),
  spec: z.strictObject({
    backoffLimit: z.literal(0),
    activeDeadlineSeconds: z.number().int().positive(),
    ttlSecondsAfterFinished: z.number().int().min(0),
    template: z.strictObject({
      metadata: z.strictObject({ labels }),
      spec: z.strictObject({
        // A Job's pods may only restart "Never" or "OnFailure".
        restartPolicy: z.enum(['Never', 'OnFailure']),
        automountServiceAccountToken: z.literal(false),
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          runAsUser: z.number().int(),
          fsGroup: z.number().int(),
        }),
        containers: z
          .array(
            z.strictObject({
              name: z.string(),
              image: z.string(),
              command: z.array(z.string()),
              args: z.array(z.string()),
              resources: z.strictObject({ requests: quantities, limits: quantities }),
              securityContext: z.strictObject({
                allowPrivilegeEscalation: z.literal(false),
                capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
              }),
              volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })),
            }),
          )
          .length(1),
        volumes: z.array(
          z.strictObject({ name: z.string(), persistentVolumeClaim: z.strictObject({ claimName: z.string() }) }),
        ),
      }),
    }),
  }),
})
const deletion = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('DeleteOptions'),
  propagationPolicy: z.enum(['Foreground', 'Background', 'Orphan']),
})

type Status = {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  readonly active?: number
}

/** The Jobs of one namespace. @param run does the work of a job in its place. */
export function fakeKubernetes(run: (place: string) => Promise<'succeeded' | 'failed' | undefined>): FakeService {
  const jobs = new Map<string, Status>()
  const all = '/apis/batch/v1/namespaces/radiology/jobs'
  const failure = (code: number, reason: string) => ({
    status: code,
    json: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code, message: 'said by the service' },
  })
  const shown = (name: string, status: Status) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, status })
  return new FakeService(async ({ method, path, body }) => {
    if (method === 'POST' && path === all) {
      const { metadata, spec } = jobBody.parse(JSON.parse(body.toString('utf8')))
      const { name } = metadata
      if (jobs.has(name)) return failure(409, 'AlreadyExists')
      jobs.set(name, { active: 1 })
      const [container] = spec.template.spec.containers
      const order = container?.args[container.args.indexOf('--job') + 1] ?? ''
      void run(order.slice(0, order.lastIndexOf('/'))).then((ended) => {
        if (ended === undefined || !jobs.has(name)) return
        const type = ended === 'succeeded' ? 'Complete' : 'Failed'
        jobs.set(name, { conditions: [{ type, status: 'True' }] })
      })
      return { status: 201, json: shown(name, {}) }
    }
    const name = path.startsWith(`${all}/`) ? path.slice(all.length + 1) : ''
    const found = jobs.get(name)
    if (found === undefined) return failure(404, 'NotFound')
    if (method === 'DELETE') {
      deletion.parse(JSON.parse(body.toString('utf8')))
      jobs.delete(name)
      return { status: 200, json: { kind: 'Status', apiVersion: 'v1', status: 'Success' } }
    }
    return method === 'GET' ? { status: 200, json: shown(name, found) } : failure(405, 'MethodNotAllowed')
  })
}
