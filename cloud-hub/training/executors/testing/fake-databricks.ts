import { z } from 'zod'
import type { FarFiles } from './fake-fit.ts'
import { FakeService } from './fake-service.ts'

/** What is sent to runs/submit, strictly: every member is one of the published Jobs API 2.2. */
const submitBody = z.strictObject({
  run_name: z.string(),
  idempotency_token: z.string().max(64),
  timeout_seconds: z.number().int().min(0),
  tasks: z
    .array(
      z.strictObject({
        task_key: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/),
        spark_python_task: z.strictObject({ python_file: z.string(), parameters: z.array(z.string()) }),
        existing_cluster_id: z.string().optional(),
        new_cluster: z
          .strictObject({ spark_version: z.string(), node_type_id: z.string(), num_workers: z.number().int().min(0) })
          .optional(),
      }),
    )
    .min(1)
    .max(100),
})
const cancelBody = z.strictObject({ run_id: z.number().int() })

/** A workspace: runs by token, and the files of one volume. */
export function fakeDatabricks(
  run: (place: string, files: FarFiles) => Promise<'succeeded' | 'failed' | undefined>,
): FakeService & { readonly files: ReadonlyMap<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  const runs = new Map<number, { life_cycle_state: string; result_state?: string }>()
  const byToken = new Map<string, number>()
  const far: FarFiles = {
    read: async (path) => files.get(path) ?? Promise.reject(new Error('no such file')),
    write: async (path, bytes) => void files.set(path, bytes),
  }
  const failure = (status: number, error_code: string) => ({
    status,
    json: { error_code, message: 'said by the service' },
  })
  const service = new FakeService(async ({ method, path, query, body }) => {
    if (path.startsWith('/api/2.0/fs/files/')) {
      const name = path.slice('/api/2.0/fs/files'.length)
      if (method === 'PUT') files.set(name, body)
      else if (!files.has(name)) return failure(404, 'NOT_FOUND')
      else if (method === 'DELETE') files.delete(name)
      const found = files.get(name)
      return method === 'GET' && found !== undefined
        ? { status: 200, raw: found, headers: { 'content-type': 'application/octet-stream' } }
        : { status: 204 }
    }
    if (method === 'POST' && path === '/api/2.2/jobs/runs/submit') {
      const { idempotency_token, tasks } = submitBody.parse(JSON.parse(body.toString('utf8')))
      const known = byToken.get(idempotency_token)
      if (known !== undefined) return { status: 200, json: { run_id: known } }
      const id = 455_644_833 + byToken.size
      byToken.set(idempotency_token, id)
      runs.set(id, { life_cycle_state: 'PENDING' })
      const script = tasks[0]?.spark_python_task.python_file ?? ''
      void run(script.slice(0, script.lastIndexOf('/')), far).then((ended) => {
        if (ended === undefined || runs.get(id)?.life_cycle_state === 'TERMINATED') return
        runs.set(id, { life_cycle_state: 'TERMINATED', result_state: ended === 'succeeded' ? 'SUCCESS' : 'FAILED' })
      })
      return { status: 200, json: { run_id: id } }
    }
    if (method === 'POST' && path === '/api/2.2/jobs/runs/cancel') {
      const { run_id } = cancelBody.parse(JSON.parse(body.toString('utf8')))
      if (!runs.has(run_id)) return failure(400, 'RESOURCE_DOES_NOT_EXIST')
      runs.set(run_id, { life_cycle_state: 'TERMINATED', result_state: 'CANCELED' })
      return { status: 200, json: {} }
    }
    const state = path === '/api/2.2/jobs/runs/get' ? runs.get(Number(query.get('run_id'))) : undefined
    return state === undefined
      ? failure(400, 'RESOURCE_DOES_NOT_EXIST')
      : { status: 200, json: { run_id: Number(query.get('run_id')), state } }
  })
  return Object.assign(service, { files })
}
