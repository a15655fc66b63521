import { z } from 'zod'
import { FakeService } from './fake-service.ts'

const armId = z
  .string()
  .regex(
    /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[^/]+\/providers\/Microsoft\.MachineLearningServices\/workspaces\/.+$/,
  )
/** What is sent of a job, strictly: every member is one of the published CommandJob. */
const jobBody = z.strictObject({
  properties: z.strictObject({
    jobType: z.literal('Command'),
    displayName: z.string(),
    experimentName: z.string(),
    computeId: armId,
    environmentId: armId,
    command: z.string().min(1),
    outputs: z.record(
      z.string(),
      z.strictObject({
        jobOutputType: z.enum(['uri_file', 'uri_folder', 'mltable', 'custom_model', 'mlflow_model', 'triton_model']),
        uri: z.string(),
        mode: z.enum(['ReadWriteMount', 'Upload', 'Direct']),
      }),
    ),
    limits: z.strictObject({ jobLimitsType: z.enum(['Command', 'Sweep']), timeout: z.string().regex(/^PT\d+S$/) }),
  }),
})

/** The jobs of one workspace. @param run does the work of a job in its place. */
export function fakeAzureMl(run: (place: string) => Promise<'succeeded' | 'failed' | undefined>): FakeService {
  const jobs = new Map<string, string>()
  const failure = (status: number, code: string) => ({
    status,
    json: { error: { code, message: 'said by the service' } },
  })
  const shown = (name: string) => ({ name, properties: { jobType: 'Command', status: jobs.get(name) } })
  return new FakeService(async ({ method, path, query, body }) => {
    if (query.get('api-version') !== '2024-04-01') return failure(400, 'InvalidApiVersion')
    const [, name = '', act] = /\/workspaces\/[^/]+\/jobs\/([^/]+)(?:\/(cancel))?$/.exec(path) ?? []
    if (method === 'PUT') {
      const { properties } = jobBody.parse(JSON.parse(body.toString('utf8')))
      if (jobs.has(name)) return failure(409, 'UserError')
      jobs.set(name, 'Starting')
      void run(properties.outputs.place?.uri ?? '').then((ended) => {
        if (ended !== undefined && jobs.get(name) === 'Starting')
          jobs.set(name, ended === 'succeeded' ? 'Completed' : 'Failed')
      })
      return { status: 201, json: shown(name) }
    }
    if (!jobs.has(name)) return failure(404, 'UserError')
    if (method === 'POST' && act === 'cancel') {
      jobs.set(name, 'Canceled')
      return { status: 200 }
    }
    return { status: 200, json: shown(name) }
  })
}
