import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pythonPeer } from '../../installer/testing/peers.ts'
import { initialiseHub } from '../commands.ts'
import { shippedFolder } from '../model-card/testing/shipped-card.ts'
import { HubProcess } from '../testing/hub-process.ts'

const ACCOUNTS = [
  { account: 'mlops', role: 'mlops', password: 'a password of the test' },
  { account: 'auditor', role: 'auditor', password: 'another password of the test' },
] as const

describe('the MLflow API', () => {
  let folder: string
  let hub: HubProcess

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hub-mlflow-'))
    await initialiseHub({ folder, names: [], accounts: ACCOUNTS })
    hub = await HubProcess.start(folder)
    for (const version of ['chest-radiograph/1.0.0', 'chest-radiograph/1.1.0'] as const) {
      await hub.post('/api/models/import', { folder: shippedFolder(version) })
    }
  })
  afterAll(async () => {
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const basic = (account: string, password: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`,
  })
  const call = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await hub.request(method, `/api/2.0/${path}`, body, headers)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const words = async (): Promise<string[]> => {
    const { entries } = (await hub.get('/api/audit/entries?from=0&limit=200')) as {
      entries: { event: { event: string } }[]
    }
    return entries.map((entry) => entry.event.event)
  }

  const python = pythonPeer()
  it.skipIf(python === undefined)(
    'serves the unmodified Python client: it lists, reads, logs, downloads, and is refused what governance forbids',
    async () => {
      const token = (await readFile(join(folder, 'secrets', 'operator-token'), 'utf8')).trim()
      const script = join(import.meta.dirname, 'testing', 'client.py')
      const { stdout } = await promisify(execFile)(python ?? '', [script, join(folder, 'downloaded')], {
        env: {
          ...process.env,
          MLFLOW_TRACKING_URI: `http://127.0.0.1:${hub.http}`,
          MLFLOW_TRACKING_TOKEN: token,
          MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
        },
      })
      const { files, ...seen } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { readonly files: string[] }
      expect(files).toEqual(expect.arrayContaining(['backbone.onnx', 'card.json', 'golden']))
      expect(seen).toEqual({
        'param again': 'INVALID_PARAMETER_VALUE',
        run: {
          status: 'FINISHED',
          name: 'first',
          params: { depth: '3', rate: '0.01' },
          auc: 0.9,
          nan: true,
          tags: { kind: 'trial', note: '<b>x</b>' },
        },
        history: [
          [0, 0.8],
          [1, 0.9],
        ],
        found: ['first'],
        all: 3,
        experiments: ['hub-training', 'outside'],
        'same name': 'RESOURCE_ALREADY_EXISTS',
        'hub experiment': 'PERMISSION_DENIED',
        models: ['chest-radiograph'],
        versions: [
          ['1', '1.0.0', 'candidate'],
          ['2', '1.1.0', 'candidate'],
        ],
        stage: 'None',
        champion: '2',
        aliases: { champion: '2' },
        approved: 'PERMISSION_DENIED',
        'approved read': 'RESOURCE_DOES_NOT_EXIST',
        create: 'PERMISSION_DENIED',
        version: 'PERMISSION_DENIED',
        'stage change': 'PERMISSION_DENIED',
        delete: 'PERMISSION_DENIED',
        'hub tag': 'PERMISSION_DENIED',
        tag: 'looked at',
        unknown: 'RESOURCE_DOES_NOT_EXIST',
        golden: 8,
      })
      expect(await words()).toEqual(expect.arrayContaining(['experiment.recorded', 'alias.changed']))
    },
    120_000,
  )

  it('lets accounts in by name and password, and lets only makers write', async () => {
    const [mlops, auditor] = ACCOUNTS
    const create = (headers: Record<string, string>, name: string) =>
      call('POST', 'mlflow/experiments/create', { name }, headers)
    expect(await create(basic(mlops.account, mlops.password), 'by account')).toMatchObject({ status: 200 })
    expect(await create(basic(auditor.account, auditor.password), 'by auditor')).toMatchObject({
      status: 403,
      body: { error_code: 'PERMISSION_DENIED' },
    })
    const read = await call(
      'GET',
      'mlflow/registered-models/search',
      undefined,
      basic(auditor.account, auditor.password),
    )
    expect(read.status).toBe(200)
    for (const headers of [{}, basic('mlops', 'wrong'), basic('nobody', 'x'), { authorization: 'Bearer x' }]) {
      expect(await create(headers, 'by nobody')).toMatchObject({ status: 401, body: { error_code: 'UNAUTHENTICATED' } })
    }
  })

  it.each([
    ['broken JSON', 'POST', 'mlflow/runs/create', '{"experiment_id":', 'BAD_REQUEST'],
    ['a list', 'POST', 'mlflow/runs/create', '[]', 'INVALID_PARAMETER_VALUE'],
    ['a body of hostile size', 'POST', 'mlflow/runs/log-batch', `{"x":"${'a'.repeat(1_100_000)}"}`, 'BAD_REQUEST'],
    ['a run that is a path', 'GET', 'mlflow/runs/get?run_id=../../etc', undefined, 'INVALID_PARAMETER_VALUE'],
    [
      'an experiment that is SQL',
      'GET',
      'mlflow/experiments/get?experiment_id=1%20OR%201',
      undefined,
      'INVALID_PARAMETER_VALUE',
    ],
    [
      'a filter that is none',
      'GET',
      "mlflow/model-versions/search?filter=name%3D'a'%20OR%201",
      undefined,
      'INVALID_PARAMETER_VALUE',
    ],
    ['an unknown call', 'GET', 'mlflow/gateway/secrets/list', undefined, 'ENDPOINT_NOT_FOUND'],
    [
      'an artifact outside',
      'GET',
      'mlflow-artifacts/artifacts/x/..%2f..%2fetc%2fpasswd',
      undefined,
      'RESOURCE_DOES_NOT_EXIST',
    ],
    ['an upload', 'PUT', 'mlflow-artifacts/artifacts/x/evil', '{}', 'PERMISSION_DENIED'],
  ])('refuses %s in its own words', async (_, method, path, body, code) => {
    const answer = await call(method, path, body)
    expect(answer.body).toMatchObject({ error_code: code })
    expect(answer.body.message).toEqual(expect.any(String))
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  })

  it('gives a file of a package by its listed path alone', async () => {
    const { model_versions: found } = (await call('GET', 'mlflow/model-versions/search')).body as {
      model_versions: { source: string }[]
    }
    const digest = found[0]?.source.replace('mlflow-artifacts:/', '') ?? ''
    const of = (path: string) => hub.request('GET', `/api/2.0/mlflow-artifacts/artifacts/${digest}/${path}`)
    expect((await of('card.json')).status).toBe(200)
    for (const path of ['golden', 'manifest.json/', '..%2Fcard.json', 'golden%2F..%2Fcard.json', '%2e%2e/card.json']) {
      expect((await of(path)).status, path).toBe(404)
    }
  })

  it('writes each change of experiments, runs and tags into the log', async () => {
    const events = async () =>
      (
        (await hub.get('/api/audit/entries?from=0&limit=500')) as {
          entries: { event: { event: string; subject: { id: string } | null; codes: string[] } }[]
        }
      ).entries
        .map((entry) => entry.event)
        .filter((event) => event.event === 'experiment.recorded')
    const before = (await events()).length
    const { experiment_id } = (await call('POST', 'mlflow/experiments/create', { name: 'audited' })).body
    const tag = { key: 'team', value: 'ml' }
    await call('POST', 'mlflow/experiments/set-experiment-tag', { experiment_id, ...tag })
    const { run } = (await call('POST', 'mlflow/runs/create', { experiment_id })).body as {
      run: { info: { run_id: string } }
    }
    const { run_id } = run.info
    await call('POST', 'mlflow/runs/set-tag', { run_id, ...tag })
    await call('POST', 'mlflow/runs/delete-tag', { run_id, key: tag.key })
    await call('POST', 'mlflow/runs/delete', { run_id })
    await call('POST', 'mlflow/runs/restore', { run_id })
    await call('POST', 'mlflow/experiments/delete', { experiment_id })
    await call('POST', 'mlflow/experiments/restore', { experiment_id })
    const name = 'chest-radiograph'
    await call('POST', 'mlflow/registered-models/set-tag', { name, ...tag })
    await call('DELETE', 'mlflow/registered-models/delete-tag', { name, key: tag.key })
    await call('POST', 'mlflow/model-versions/set-tag', { name, version: '2', ...tag })
    await call('DELETE', 'mlflow/model-versions/delete-tag', { name, version: '2', key: tag.key })
    const all = await events()
    const numbered = `experiment-${String(experiment_id)}`
    const seen = all.slice(before)
    expect(seen.map((event) => event.codes.join(' ')).sort()).toEqual(
      [
        `experiment-created ${numbered}`,
        `experiment-deleted ${numbered}`,
        `experiment-restored ${numbered}`,
        'model-tag-removed',
        'model-tag-set',
        'run-hidden',
        'run-opened',
        'run-restored',
        'tag-removed',
        'tag-removed',
        'tag-set',
        'tag-set',
        `tag-set ${numbered}`,
      ].sort(),
    )
  })

  it('keeps what was logged over a power cut', async () => {
    const created = await call('POST', 'mlflow/experiments/create', { name: 'cut' })
    const { run } = (await call('POST', 'mlflow/runs/create', { experiment_id: created.body.experiment_id })).body as {
      run: { info: { run_id: string } }
    }
    const run_id = run.info.run_id
    await call('POST', 'mlflow/runs/log-metric', { run_id, key: 'auc', value: 0.7, timestamp: 5 })
    await hub.kill()
    hub = await HubProcess.start(folder)
    const read = await call('GET', `mlflow/runs/get?run_id=${run_id}`)
    expect(read.body).toMatchObject({ run: { data: { metrics: [{ key: 'auc', value: 0.7, timestamp: 5, step: 0 }] } } })
  })
})
