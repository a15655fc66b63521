import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { pythonPeer } from '../../../installer/testing/peers.ts'
import { freePort } from '../../../sync-agent/transport/testing/free-port.ts'
import { mlflowSettings } from './mlflow-client.ts'
import { MlflowTracking } from './mlflow-tracking.ts'
import type { TrackedRun } from './port.ts'

const PYTHON = pythonPeer()
const REPORT = Buffer.from('{"auc":0.9}')

const tracked = (n: number, change: Partial<TrackedRun> = {}): TrackedRun => ({
  run: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  name: 'chest-radiograph pneumonia',
  user: 'mlops-1',
  status: 'FINISHED',
  startMs: 1_700_000_000_000 + n,
  endMs: 1_700_000_060_000 + n,
  params: { finding: 'pneumonia', seed: '1' },
  metrics: { auc: 0.9, 'parent.auc': 0.8 },
  tags: { 'leadglass.state': 'candidate' },
  ...change,
})

const found = z.object({
  runs: z
    .array(
      z.object({
        info: z.object({ run_id: z.string(), status: z.string(), end_time: z.coerce.number().optional() }),
        data: z.object({
          metrics: z.array(z.object({ key: z.string(), value: z.number() })).default([]),
          params: z.array(z.object({ key: z.string(), value: z.string() })).default([]),
          tags: z.array(z.object({ key: z.string(), value: z.string() })).default([]),
        }),
      }),
    )
    .default([]),
})

describe.skipIf(PYTHON === undefined)('tracking at a real MLflow server', () => {
  let folder: string
  let port: number
  let server: ChildProcess | undefined
  let runs: TrackedRun[]
  let tracking: MlflowTracking | undefined

  const url = (): string => `http://127.0.0.1:${port}`
  const make = (): MlflowTracking => {
    tracking = new MlflowTracking({
      settings: mlflowSettings.parse({ url: url(), experiment: 'leadglass-test', timeoutMs: 30_000 }),
      source: {
        versions: () => runs.map(({ run, status }) => ({ run, version: status })),
        run: (wanted) => runs.find(({ run }) => run === wanted),
        files: async () => [{ name: 'report.json', bytes: REPORT }],
      },
      folder: join(folder, 'tracking'),
      clock: systemClock,
      logger: silentLogger,
      everyMs: 200,
      longestPauseMs: 1000,
    })
    return tracking
  }
  const up = async (): Promise<void> => {
    const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`]
    const files = ['--artifacts-destination', join(folder, 'artifacts')]
    const where = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1']
    server = spawn(join(dirname(PYTHON ?? ''), 'mlflow'), ['server', ...store, ...files, ...where], {
      stdio: 'ignore',
      detached: true,
      env: {
        PATH: `${dirname(PYTHON ?? '')}:${process.env.PATH ?? ''}`,
        HOME: folder,
        MLFLOW_DISABLE_TELEMETRY: 'true',
      },
    })
    for (let i = 0; i < 1200; i++) {
      const health = await fetch(`${url()}/health`).catch(() => undefined)
      if (health?.ok === true) return
      await delay(100)
    }
    throw new Error('the MLflow server did not come up')
  }
  const down = async (): Promise<void> => {
    if (server?.pid === undefined) return
    const exited = once(server, 'exit')
    // The server has workers of its own in its group.
    process.kill(-server.pid, 'SIGKILL')
    await exited
    server = undefined
  }
  const search = async (): Promise<z.infer<typeof found>['runs']> => {
    const named = `${url()}/api/2.0/mlflow/experiments/get-by-name?experiment_name=leadglass-test`
    const { experiment } = z
      .object({ experiment: z.object({ experiment_id: z.string() }) })
      .parse(await (await fetch(named)).json())
    const answer = await fetch(`${url()}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_ids: [experiment.experiment_id] }),
    })
    return found.parse(await answer.json()).runs
  }
  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 900 && !condition(); i++) await delay(100)
    expect(condition()).toBe(true)
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tracking-'))
    port = await freePort()
    runs = []
  })
  afterEach(async () => {
    await tracking?.stop()
    await down()
    await rm(folder, { recursive: true, force: true })
  })

  it('holds nothing up while the server is away, and tells all of it once when it is back', {
    timeout: 400_000,
  }, async () => {
    runs = [tracked(2, { status: 'FAILED', metrics: {} }), tracked(1)]
    const before = make()
    await before.start()
    await until(() => before.status().failure === 'unreachable')
    expect(before.status()).toMatchObject({ backlog: 2, told: 0, lastToldAt: null })

    await up()
    await until(() => before.status().backlog === 0)
    expect(before.status()).toMatchObject({ told: 2, failure: null })
    const told = await search()
    expect(told.map((run) => run.info.status).sort()).toEqual(['FAILED', 'FINISHED'])
    const first = told.find((run) => run.info.status === 'FINISHED')
    expect(first?.info.end_time).toBe(tracked(1).endMs)
    expect(Object.fromEntries(first?.data.metrics.map(({ key, value }) => [key, value]) ?? [])).toEqual(
      tracked(1).metrics,
    )
    expect(Object.fromEntries(first?.data.params.map(({ key, value }) => [key, value]) ?? [])).toEqual(
      tracked(1).params,
    )
    expect(Object.fromEntries(first?.data.tags.map(({ key, value }) => [key, value]) ?? [])).toMatchObject({
      'leadglass.run': tracked(1).run,
      'leadglass.state': 'candidate',
      'mlflow.user': 'mlops-1',
    })
    const artifact = `${url()}/get-artifact?path=report.json&run_uuid=${first?.info.run_id}`
    expect(Buffer.from(await (await fetch(artifact)).arrayBuffer())).toEqual(REPORT)

    // A power cut after the server had it and before that was written down: told again, and still one run.
    await before.stop()
    await writeFile(join(folder, 'tracking', `${tracked(1).run}.json`), '{')
    const after = make()
    await after.start()
    await until(() => after.status().backlog === 0)
    expect(await search()).toHaveLength(2)

    // A run that goes on, while the server is away again.
    await down()
    runs = [tracked(3, { status: 'RUNNING', endMs: null }), ...runs]
    after.wake()
    await until(() => after.status().failure === 'unreachable')
    runs = [tracked(3), ...runs.slice(1)]
    expect(after.status().backlog).toBe(1)
    await up()
    await until(() => after.status().backlog === 0)
    const all = await search()
    expect(all).toHaveLength(3)
    expect(all.map((run) => run.info.status).sort()).toEqual(['FAILED', 'FINISHED', 'FINISHED'])
    expect(JSON.parse(await readFile(join(folder, 'tracking', `${tracked(3).run}.json`), 'utf8'))).toMatchObject({
      schema: 'leadglass.tracked-run/1',
    })
  })
})
