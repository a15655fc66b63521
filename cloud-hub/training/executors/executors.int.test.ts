import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TrainingJob } from '../job.ts'
import { RestClient } from '../rest/rest-client.ts'
import { readState, writeState } from './job-folder.ts'
import type { TrainingExecutor } from './port.ts'
import { LocalExecutor } from './process/local-executor.ts'
import { reevaluate } from './reevaluate.ts'
import { AzureMlApi, azureMlSettings } from './remote/azure-ml.ts'
import { DatabricksApi, databricksSettings } from './remote/databricks.ts'
import { DatabricksVolume, SharedFolder } from './remote/job-store.ts'
import { KubernetesApi, kubernetesSettings } from './remote/kubernetes.ts'
import { RemoteExecutor } from './remote/remote-executor.ts'
import { fakeAzureMl } from './testing/fake-azure-ml.ts'
import { fakeDatabricks } from './testing/fake-databricks.ts'
import { ENDLESS_SEED, FAILING_SEED, type FarFiles, fakeFit } from './testing/fake-fit.ts'
import { fakeKubernetes } from './testing/fake-kubernetes.ts'
import { type FakeService, TOKEN } from './testing/fake-service.ts'
import { type MadeJob, makeJob, synthetic } from './testing/made-job.ts'
import { ended } from './testing/run-to-end.ts'

const ASK_MS = 5
const MOUNT = '/leadglass'
const DATASTORE = 'azureml://datastores/leadglass/paths/jobs'
const VOLUME = '/Volumes/radiology/training/jobs'
const DIGEST = 'ab'.repeat(32)

let made: MadeJob
let scratch: string
let tokenFile: string

beforeAll(async () => {
  made = await makeJob(synthetic(300))
  scratch = made.runFolder()
  await mkdir(scratch, { recursive: true })
  tokenFile = join(scratch, 'token')
  await writeFile(tokenFile, `${TOKEN}\n`)
})
afterAll(async () => made.close())

/** What a service stands on: its server, and the executor as a hub that was started anew would make it. */
interface Place {
  executor(): TrainingExecutor
  readonly service: FakeService | undefined
  /** Files of jobs that lie at the far side now. */
  farFiles(): Promise<readonly string[]>
  readonly failing: (job: TrainingJob) => TrainingJob
  readonly endless: (job: TrainingJob) => TrainingJob
}

const bySeed = {
  failing: (job: TrainingJob): TrainingJob => ({ ...job, seed: FAILING_SEED }),
  endless: (job: TrainingJob): TrainingJob => ({ ...job, seed: ENDLESS_SEED }),
}

function localPlace(): Place {
  return {
    executor: () => new LocalExecutor(),
    service: undefined,
    farFiles: async () => [],
    failing: (job) => ({ ...job, parent: { ...job.parent, digest: job.snapshot.digest } }),
    endless: (job) => job,
  }
}

/** A folder that both sides reach, under another name at the far side. */
function shared(
  name: string,
  there: string,
): { here: string; fit: (place: string) => ReturnType<typeof fakeFit>; list: Place['farFiles'] } {
  const here = join(scratch, name)
  const local = (path: string): string => join(here, path.slice(there.length))
  const files: FarFiles = {
    read: (path) => readFile(local(path)),
    write: (path, bytes) => writeFile(local(path), bytes),
  }
  const list = async (): Promise<readonly string[]> => readdir(here, { recursive: true }).catch(() => [])
  return { here, fit: (place) => fakeFit(place, files), list }
}

function kubernetesPlace(): Place {
  const { here, fit, list } = shared('claim', MOUNT)
  const service = fakeKubernetes(fit)
  const executor = (): TrainingExecutor => {
    const image = `registry.example/training@sha256:${DIGEST}`
    const told = {
      url: service.url,
      tokenFile,
      namespace: 'radiology',
      image,
      volumeClaim: 'training',
      sharedFolder: here,
    }
    const settings = kubernetesSettings.parse({ kind: 'kubernetes', ...told })
    return new RemoteExecutor(
      'cluster',
      new KubernetesApi(settings),
      new SharedFolder(here, settings.mountPath),
      ASK_MS,
    )
  }
  return { executor, service, farFiles: list, ...bySeed }
}

function databricksPlace(): Place {
  const service = fakeDatabricks(fakeFit)
  const executor = (): TrainingExecutor => {
    const cluster = { sparkVersion: '16.4.x-scala2.12', nodeType: 'i3.xlarge', workers: 2 }
    const settings = databricksSettings.parse({
      kind: 'databricks',
      url: service.url,
      tokenFile,
      volume: VOLUME,
      cluster,
    })
    const store = new DatabricksVolume(new RestClient(settings), settings.volume)
    return new RemoteExecutor('databricks', new DatabricksApi(settings), store, ASK_MS)
  }
  return { executor, service, farFiles: async () => [...service.files.keys()], ...bySeed }
}

function azurePlace(): Place {
  const { here, fit, list } = shared('datastore', DATASTORE)
  const service = fakeAzureMl(fit)
  const executor = (): TrainingExecutor => {
    const settings = azureMlSettings.parse({
      kind: 'azure-ml',
      url: service.url,
      tokenFile,
      subscription: '00000000-0000-4000-8000-000000000001',
      resourceGroup: 'radiology',
      workspace: 'models',
      compute: 'cpu-cluster',
      environment: { name: 'leadglass', version: '1' },
      datastoreUri: DATASTORE,
      sharedFolder: here,
    })
    return new RemoteExecutor('azure', new AzureMlApi(settings), new SharedFolder(here, DATASTORE), ASK_MS)
  }
  return { executor, service, farFiles: list, ...bySeed }
}

describe.each([
  ['local process', localPlace],
  ['Kubernetes (a server of the test, never run for real)', kubernetesPlace],
  ['Databricks (a server of the test, never run for real)', databricksPlace],
  ['Azure ML (a server of the test, never run for real)', azurePlace],
])('the executor port: %s', (_, makePlace) => {
  let place: Place

  beforeAll(async () => {
    place = makePlace()
    await place.service?.start()
  })
  afterAll(async () => place.service?.stop())

  it('knows nothing of a folder that nothing was submitted from', async () => {
    const folder = made.runFolder()
    expect(await place.executor().status(folder)).toBe('unknown')
    expect(await place.executor().logs(folder, 0)).toEqual([])
    await place.executor().cancel(folder)
    await expect(place.executor().artifacts(folder)).rejects.toMatchObject({ code: 'result-missing' })
  })

  it('runs a job to its end, and what comes back passes the hub’s own measurement', async () => {
    const folder = made.runFolder()
    const executor = place.executor()
    await executor.submit(made.job, folder)
    expect(await ended(executor, folder)).toBe('succeeded')
    const lines = await executor.logs(folder, 0)
    expect(lines.at(-1)).toEqual({ kind: 'done' })
    expect(await executor.logs(folder, 1)).toEqual(lines.slice(1))
    expect((await executor.artifacts(folder)).length).toBeGreaterThan(0)
    expect((await reevaluate(made.job, folder)).snapshot).toBe(made.job.snapshot.digest)
    // A hub that was started anew, and asks again.
    expect(await place.executor().status(folder)).toBe('succeeded')
    expect((await place.executor().artifacts(folder)).length).toBeGreaterThan(0)
    expect((await place.farFiles()).filter((path) => /parquet|spark-job/.test(path))).toEqual([])
  })

  it('tells a job that fails, with what it said last', async () => {
    const folder = made.runFolder()
    const executor = place.executor()
    await executor.submit(place.failing(made.job), folder)
    expect(await ended(executor, folder)).toBe('failed')
    expect((await executor.logs(folder, 0)).at(-1)?.kind).toBe('stopped')
    // Rows of patients do not stay where the job failed.
    expect((await place.farFiles()).filter((path) => /parquet|spark-job/.test(path))).toEqual([])
  })

  it('cancels a job for good, and begins anew from the same folder', async () => {
    const folder = made.runFolder()
    const executor = place.executor()
    await executor.submit(place.endless(made.job), folder)
    expect(await executor.status(folder)).toBe('running')
    await executor.cancel(folder)
    await executor.cancel(folder)
    expect(await executor.status(folder)).toBe('cancelled')
    expect(await place.executor().status(folder)).toBe('cancelled')
    await executor.submit(made.job, folder)
    expect(await ended(executor, folder)).toBe('succeeded')
  })

  it('ends the job that is under way when another is submitted from its folder', async () => {
    const folder = made.runFolder()
    await place.executor().submit(place.endless(made.job), folder)
    const second = place.executor()
    await second.submit(made.job, folder)
    expect(await ended(second, folder)).toBe('succeeded')
  })
})

describe.each([
  ['Kubernetes', kubernetesPlace],
  ['Databricks', databricksPlace],
  ['Azure ML', azurePlace],
])('a service that misbehaves: %s', (_, makePlace) => {
  let place: Place
  let service: FakeService

  beforeAll(async () => {
    place = makePlace()
    service = place.service ?? expect.fail('a service')
    await service.start()
  })
  afterAll(async () => service.stop())

  const underWay = async (): Promise<{ folder: string; executor: TrainingExecutor }> => {
    service.hostile = undefined
    const folder = made.runFolder()
    const executor = place.executor()
    await executor.submit(bySeed.endless(made.job), folder)
    await new Promise((resolve) => setTimeout(resolve, ASK_MS * 2))
    return { folder, executor }
  }

  it.each([
    [
      'an answer without bounds',
      { status: 200, raw: Buffer.alloc(5 * 1024 * 1024, 32), headers: { 'content-type': 'application/json' } },
      'answer-invalid',
    ],
    [
      'a page instead of JSON',
      { status: 200, raw: Buffer.from('<html>'), headers: { 'content-type': 'text/html' } },
      'answer-invalid',
    ],
    ['JSON of other types', { status: 200, json: { metadata: 7, state: [], properties: 'x' } }, 'answer-invalid'],
    [
      'JSON that ends early',
      { status: 200, raw: Buffer.from('{"a":'), headers: { 'content-type': 'application/json' } },
      'answer-invalid',
    ],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:9/' } }, 'answer-invalid'],
    ['a refusal of the token', { status: 403, json: {} }, 'credentials-refused'],
  ])('refuses %s', async (__, answer, code) => {
    const { folder, executor } = await underWay()
    service.hostile = () => answer
    await expect(executor.status(folder)).rejects.toMatchObject({ code, failureClass: 'permanent' })
  })

  it.each([
    ['is throttled', 429],
    ['is broken', 500],
    ['is away for maintenance', 503],
  ])('takes a job as running while the service %s', async (__, status) => {
    const { folder, executor } = await underWay()
    service.hostile = () => ({ status, json: {}, headers: { 'retry-after': '7' } })
    expect(await executor.status(folder)).toBe('running')
  })

  it('hands a job over again while the failure is one that passes, and makes one job of it', async () => {
    service.hostile = undefined
    const folder = made.runFolder()
    const executor = place.executor()
    let refused = 0
    const before = service.asked.length
    service.hostile = ({ method }) => {
      if (method === 'GET' || refused === 2) return undefined
      refused += 1
      return { status: 503, json: {}, headers: { 'retry-after': '0' } }
    }
    await executor.submit(made.job, folder)
    service.hostile = undefined
    expect(await ended(executor, folder)).toBe('succeeded')
    expect(refused).toBe(2)
    expect(service.asked.length).toBeGreaterThan(before + 2)
  })

  it('takes a job that the service has forgotten as lost', async () => {
    const { folder, executor } = await underWay()
    service.hostile = () => ({ status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST' } })
    expect(await executor.status(folder)).toBe('lost')
  })

  it('finds the job again whose acceptance the hub did not live to hear of, and ends it', async () => {
    const { folder } = await underWay()
    const state = await readState(folder)
    const id = await readFile(join(folder, 'remote-id'), 'utf8')
    if (state === undefined) expect.fail('a state')
    await writeState(folder, { ...state, handle: { id, isAccepted: false } })
    const after = place.executor()
    expect(await after.status(folder)).toBe('lost')
    await after.cancel(folder)
    expect(await after.status(folder)).toBe('cancelled')
    const last = service.asked.at(-1)
    expect(service.asked.some(({ method, path }) => method === 'DELETE' || path.includes('cancel'))).toBe(true)
    expect(last?.body.toString('utf8')).not.toContain(TOKEN)
  })

  it('takes no file that is larger than a job may hand back', async () => {
    const { folder, executor } = await underWay()
    const id = await readFile(join(folder, 'remote-id'), 'utf8')
    const large = Buffer.alloc(33 * 1024 * 1024)
    const [here] = [join(scratch, makePlace === kubernetesPlace ? 'claim' : 'datastore', id)]
    if (makePlace === databricksPlace) {
      service.hostile = ({ path }) => (path.endsWith('weights.json') ? { status: 200, raw: large } : undefined)
    } else {
      await mkdir(dirname(join(here, 'weights.json')), { recursive: true })
      await writeFile(join(here, 'weights.json'), large)
    }
    await expect(executor.artifacts(folder)).rejects.toMatchObject({
      code: makePlace === databricksPlace ? 'answer-invalid' : 'result-invalid',
    })
  })
})
