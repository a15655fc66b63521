import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type TrainingRun, trainingExecutors } from '@leadglass/ui/contract/hub-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeFit } from '../../cloud-hub/training/executors/testing/fake-fit.ts'
import { fakeKubernetes } from '../../cloud-hub/training/executors/testing/fake-kubernetes.ts'
import { TOKEN } from '../../cloud-hub/training/executors/testing/fake-service.ts'
import { HubWithLabels } from '../../cloud-hub/training/testing/hub-with-labels.ts'
import { freePort } from '../../sync-agent/transport/testing/free-port.ts'
import { writeInstanceFile } from '../start/instance-file.ts'
import { layoutOf } from '../start/layout.ts'

const CLI = resolve(import.meta.dirname, 'main.ts')
const MOUNT = '/leadglass'

describe('leadglass training executors', () => {
  let root: string
  let site: HubWithLabels
  const service = fakeKubernetes((place) => {
    const local = (path: string): string => join(root, 'claim', path.slice(MOUNT.length))
    return fakeFit(place, {
      read: (path) => readFile(local(path)),
      write: (path, bytes) => writeFile(local(path), bytes),
    })
  })

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-executors-'))
    await service.start()
    await writeFile(join(root, 'token'), TOKEN)
    const layout = layoutOf(root)
    await mkdir(layout.hub.folder, { recursive: true })
    const cluster = {
      ...{ kind: 'kubernetes', url: service.url, tokenFile: join(root, 'token'), namespace: 'radiology' },
      ...{ image: `registry.example/fit@sha256:${'ab'.repeat(32)}`, volumeClaim: 'training' },
      ...{ sharedFolder: join(root, 'claim'), mountPath: MOUNT },
    }
    site = await HubWithLabels.start([], layout.hub.folder, {
      executors: { cluster },
      executor: 'cluster',
      // Nobody listens there: a tracking server that is away.
      mlflow: { url: `http://127.0.0.1:${await freePort()}` },
    })
    await writeInstanceFile(layout, {
      schema: 'leadglass.instance/1',
      device: 'test-box',
      aeTitle: 'LEADGLASS',
      host: '127.0.0.1',
      ports: { dimse: 1, appliance: 1, hub: site.hub.http, mqtt: 1 },
      createdAt: '2026-11-22T12:00:00Z',
      provisioned: true,
    })
  }, 60_000)
  afterAll(async () => {
    await site.close()
    await service.stop()
    await rm(root, { recursive: true, force: true })
  })

  const leadglass = async (...args: readonly string[]): Promise<string> => {
    const run = promisify(execFile)(process.execPath, [CLI, ...args, '--data', root])
    // A run that a gate stopped is no success of the command.
    const { stdout } = await run.catch((error: unknown) => error as { readonly stdout: string })
    return stdout
  }

  it('lists the default first, says what has never run for real, and shows no token', async () => {
    const { executors, tracking } = trainingExecutors.parse(
      JSON.parse(await leadglass('training', 'executors', '--json')),
    )
    expect(executors.map(({ name, kind, proof }) => [name, kind, proof])).toEqual([
      ['cluster', 'kubernetes', 'never-run-for-real'],
      ['local', 'local', 'run-in-tests'],
    ])
    expect(tracking).toMatchObject({ experiment: 'leadglass', backlog: 0, told: 0 })
    const said = await leadglass('training', 'executors')
    expect(said).toMatch(/cluster \(default\).*NEVER RUN FOR REAL/)
    expect(said).not.toContain(TOKEN)
  })

  it('trains elsewhere, measures what came back itself, and waits for no tracking server', async () => {
    await site.sendSite(300)
    const run = JSON.parse(await leadglass('train', '--finding', 'pneumonia', '--json')) as TrainingRun
    // What came back are the parent's own weights: no candidate, by the hub's own figures.
    expect(run.state).toBe('stopped-by-gate')
    expect(run.record?.executor).toBe('cluster')
    expect(run.gates.find((gate) => gate.name === 'export-parity')?.holds).toBe(true)
    const { tracking } = trainingExecutors.parse(JSON.parse(await leadglass('training', 'executors', '--json')))
    expect(tracking).toMatchObject({ backlog: 1, told: 0 })
  }, 120_000)
})
