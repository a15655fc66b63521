import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { peer } from '../../installer/testing/peers.ts'
import { deviceId, STREAMS } from '../contract/index.ts'
import {
  AcknowledgedFile,
  AgentStatusFile,
  batchFileName,
  DesiredStateFile,
  exchangePaths,
  OutboxWriter,
} from '../exchange/index.ts'
import type { Service } from '../foundation/index.ts'
import { TestCertificateAuthority } from '../transport/testing/certificate-authority.ts'
import { eventually } from '../transport/testing/eventually.ts'
import { FaultProxy } from '../transport/testing/fault-proxy.ts'
import { freePort } from '../transport/testing/free-port.ts'
import { HubStub } from '../transport/testing/hub-stub.ts'
import { Mosquitto } from '../transport/testing/mosquitto.ts'
import { TEST_HUB_NAME, TestBroker } from '../transport/testing/test-broker.ts'
import { FakeRepository, fakePackage } from '../updates/testing/fake-repository.ts'
import { RepositoryServer } from '../updates/testing/repository-server.ts'
import { AgentProcess } from './testing/agent-process.ts'
import { EnvelopeSource } from './testing/envelopes.ts'

const DEVICE = deviceId.parse('test-box')
const authority = new TestCertificateAuthority()
const identity = authority.client(DEVICE)
const hubIdentity = authority.client(TEST_HUB_NAME)
const mosquittoPath = peer('mosquitto')
const running: Service[] = []
const agents: AgentProcess[] = []
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-'))
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.end('SIGKILL')
  for (let service = running.pop(); service !== undefined; service = running.pop()) await service.stop()
  await rm(folder, { recursive: true, force: true })
})

async function started<T extends Service>(service: T): Promise<T> {
  running.push(service)
  await service.start()
  return service
}

async function prepared(url: string): Promise<AgentProcess> {
  const agent = await AgentProcess.prepare(folder, DEVICE, url, identity)
  agents.push(agent)
  return agent
}

/** The appliance's side: writes envelopes, and acts on acknowledged.json as its relay does. */
class Relay {
  readonly source = new EnvelopeSource(DEVICE)
  readonly writer: OutboxWriter
  readonly #acknowledged: AcknowledgedFile

  constructor(exchangeFolder: string) {
    this.writer = new OutboxWriter({ exchangeFolder, device: DEVICE })
    this.#acknowledged = new AcknowledgedFile(exchangePaths(exchangeFolder).acknowledged)
  }

  async watermark(stream: (typeof STREAMS)[number]): Promise<number> {
    const read = await this.#acknowledged.read()
    return read.kind === 'value' ? (read.value.watermarks.find((mark) => mark.stream === stream)?.sequence ?? 0) : 0
  }

  /** Removes what is committed and writes again what the hub misses. */
  async settle(): Promise<void> {
    const read = await this.#acknowledged.read()
    if (read.kind !== 'value') return
    await this.writer.remove(read.value.watermarks)
    for (const { stream, code } of read.value.refused) {
      if (code !== 'gap') continue
      const committed = await this.watermark(stream)
      await this.writer.write(this.source.of(stream).filter((envelope) => envelope.sequence > committed))
    }
  }

  async complete(): Promise<boolean> {
    for (const stream of STREAMS) {
      if ((await this.watermark(stream)) !== this.source.of(stream).length) return false
    }
    return true
  }
}

function expectExactly(hub: HubStub, source: EnvelopeSource): void {
  for (const stream of STREAMS) {
    const accepted = hub.accepted.get(`1/${stream}`) ?? []
    expect(accepted.map((envelope) => envelope.digest)).toEqual(source.of(stream).map((envelope) => envelope.digest))
  }
}

describe('the agent process', () => {
  it('carries 2,000 envelopes through ten kills and three restarts of the broker, each once and in order', async () => {
    const broker = await started(new TestBroker(authority))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const agent = await prepared(broker.url)
    const relay = new Relay(agent.config.exchangeFolder)
    await relay.writer.start()
    await agent.start()
    let kills = 0
    for (let round = 0; round < 20; round++) {
      for (let part = 0; part < 10; part++) await relay.writer.write(relay.source.next(10))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
      if (round % 2 === 0) {
        expect(await agent.end('SIGKILL')).toBe('SIGKILL')
        kills += 1
        await agent.start()
      }
      if (round % 6 === 3) {
        await broker.stop()
        await broker.start()
      }
      await relay.settle()
    }
    await eventually(
      'everything is acknowledged',
      async () => {
        await relay.settle()
        return relay.complete()
      },
      90_000,
    )
    expect(kills).toBe(10)
    expect(relay.source.all).toHaveLength(2000)
    expectExactly(hub, relay.source)
    expect(hub.refusedPayloads).toBe(0)
    await relay.settle()
    expect(await readdir(join(agent.config.exchangeFolder, 'outbox'))).toEqual([])
    expect(await agent.end('SIGTERM')).toBe(0)
  }, 180_000)

  it('sends again what the hub did not answer, and drains a backlog over a link that loses answers', async () => {
    const broker = await started(new TestBroker(authority))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const proxy = await started(new FaultProxy(Number(new URL(broker.url).port)))
    const agent = await prepared(proxy.url)
    const relay = new Relay(agent.config.exchangeFolder)
    await relay.writer.start()
    for (let part = 0; part < 20; part++) await relay.writer.write(relay.source.next(50))
    hub.silent = true
    await agent.start()
    await eventually('the hub has taken something', () => hub.total > 0)
    hub.silent = false
    proxy.mode = 'mute'
    await new Promise((resolve) => setTimeout(resolve, 500))
    proxy.mode = 'pass'
    await eventually('everything is acknowledged', () => relay.complete(), 30_000)
    expectExactly(hub, relay.source)
    expect(hub.receipts.some((receipt) => receipt.duplicates > 0)).toBe(true)
  }, 90_000)

  it('goes on through Mosquitto being stopped, resumed, killed and started', async (context) => {
    if (mosquittoPath === undefined) return context.skip('mosquitto is not installed')
    const broker = await started(new Mosquitto(mosquittoPath, authority, await freePort()))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const agent = await prepared(broker.url)
    const relay = new Relay(agent.config.exchangeFolder)
    await relay.writer.start()
    await agent.start()
    await relay.writer.write(relay.source.next(100))
    await eventually('the first part is acknowledged', () => relay.complete())
    broker.signal('SIGSTOP')
    await relay.writer.write(relay.source.next(100))
    await new Promise((resolve) => setTimeout(resolve, 2500))
    broker.signal('SIGCONT')
    await eventually('the second part is acknowledged', () => relay.complete(), 30_000)
    await broker.kill()
    await relay.writer.write(relay.source.next(100))
    await broker.start()
    await eventually('the third part is acknowledged', () => relay.complete(), 30_000)
    expectExactly(hub, relay.source)
  }, 90_000)

  it('rewinds when the hub was restored from an older backup', async () => {
    const broker = await started(new TestBroker(authority))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const agent = await prepared(broker.url)
    const relay = new Relay(agent.config.exchangeFolder)
    await relay.writer.start()
    await agent.start()
    await relay.writer.write(relay.source.next(100))
    await eventually('the first part is acknowledged', () => relay.complete())
    await relay.settle()
    hub.forget(1, 'labels', 7)
    await relay.writer.write(relay.source.next(100))
    await eventually('the hub has everything again', async () => {
      await relay.settle()
      return hub.total === 200 && (await relay.complete())
    })
    expectExactly(hub, relay.source)
  }, 60_000)

  it('sets damaged files aside, carries no stranger, and says so', async () => {
    const broker = await started(new TestBroker(authority))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const agent = await prepared(broker.url)
    const relay = new Relay(agent.config.exchangeFolder)
    await relay.writer.start()
    const outbox = join(agent.config.exchangeFolder, 'outbox')
    const [damaged] = await relay.writer.write(relay.source.next(5).slice(0, 1))
    await writeFile(join(outbox, damaged ?? ''), 'not a batch')
    await relay.writer.write(relay.source.all.slice(1))
    const secret = join(folder, 'appliance', 'records.db')
    await writeFile(secret, 'secret')
    await symlink(secret, join(outbox, batchFileName({ epoch: 1, stream: 'audit', first: 2, last: 2 })))
    await agent.start()
    const status = new AgentStatusFile(exchangePaths(agent.config.exchangeFolder).agentStatus)
    await eventually('both were set aside', async () => {
      const read = await status.read()
      return read.kind === 'value' && read.value.refusedFiles === 2
    })
    expect((await readdir(outbox)).filter((name) => name.endsWith('.refused'))).toHaveLength(2)
    await relay.writer.write(relay.source.all)
    await eventually('everything else arrives once it is written again', () => relay.complete())
    expectExactly(hub, relay.source)
    expect(hub.refusedPayloads).toBe(0)
  }, 60_000)

  it('goes on when it cannot write what the hub said, and writes it when it can', async () => {
    const broker = await started(new TestBroker(authority))
    await started(new HubStub(broker.url, hubIdentity))
    const agent = await prepared(broker.url)
    const paths = exchangePaths(agent.config.exchangeFolder)
    const relay = new Relay(agent.config.exchangeFolder)
    await relay.writer.start()
    // A folder that is not empty stands where the file belongs: no rename can replace it.
    await mkdir(join(paths.acknowledged, 'in-the-way'), { recursive: true })
    await relay.writer.write(relay.source.next(50))
    await agent.start()
    const status = new AgentStatusFile(paths.agentStatus)
    await eventually('it says so', async () => {
      const read = await status.read()
      return read.kind === 'value' && read.value.lastError?.code === 'agent.acknowledged-not-written'
    })
    await rm(paths.acknowledged, { recursive: true })
    await eventually('everything is acknowledged', () => relay.complete())
  }, 60_000)

  it('keeps its status and the desired state in the exchange', async () => {
    const broker = await started(new TestBroker(authority))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const desired = {
      schema: 'leadglass.desired-state/1' as const,
      version: 3,
      timestampVersion: 8,
      repositoryPath: '/delivery/',
    }
    await hub.desire(DEVICE, desired)
    const agent = await prepared(broker.url)
    const paths = exchangePaths(agent.config.exchangeFolder)
    await mkdir(paths.inbox, { recursive: true })
    await writeFile(join(paths.inbox, '.left-by-a-kill.tmp'), 'half a file')
    await agent.start()
    expect((await readdir(paths.inbox)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    const file = new DesiredStateFile(paths.desired)
    await eventually('the desired state is written', async () => (await file.read()).kind === 'value')
    expect(await file.read()).toEqual({ kind: 'value', value: desired })
    const status = new AgentStatusFile(paths.agentStatus)
    const link = async (): Promise<string | undefined> => {
      const read = await status.read()
      return read.kind === 'value' ? `${read.value.link} ${read.value.lastError?.code ?? ''}` : undefined
    }
    await eventually('the link is up', async () => (await link())?.startsWith('up') === true)
    await broker.stop()
    await eventually('the link is down', async () => (await link()) === 'down unreachable')
    await broker.start()
    await eventually('the link is up again', async () => (await link())?.startsWith('up') === true)
    expect(await agent.end('SIGTERM')).toBe(0)
    expect(await link()).toMatch(/^down/)
  }, 60_000)
})

describe('updates', () => {
  it('lays the verified kit out for the appliance, and again soon after the hub says that there is more', async () => {
    const broker = await started(new TestBroker(authority))
    const hub = await started(new HubStub(broker.url, hubIdentity))
    const repository = new FakeRepository(Date.now())
    repository.list(fakePackage({ version: '1.0.0' }))
    repository.publish()
    const server = new RepositoryServer(repository.files)
    const url = await server.start()
    running.push({ start: () => Promise.resolve(), stop: () => server.stop() })
    const { initialRoot, policy } = repository
    const agent = await AgentProcess.prepare(folder, DEVICE, broker.url, identity, { url, initialRoot, policy })
    agents.push(agent)
    const paths = exchangePaths(agent.config.exchangeFolder)
    await agent.start()
    const status = new AgentStatusFile(paths.agentStatus)
    const outcome = async (): Promise<string | undefined> => {
      const read = await status.read()
      return read.kind === 'value' ? read.value.updates?.outcome : undefined
    }
    await eventually('the repository was verified', async () => (await outcome()) === 'verified')
    expect(await readdir(join(paths.updates, 'targets', 'models', 'chest-radiograph'))).toEqual(['1.0.0'])

    repository.list(fakePackage({ version: '1.1.0', releaseCounter: 2 }))
    repository.next('approvedModels', 'snapshot', 'timestamp')
    repository.publish()
    await hub.desire(DEVICE, {
      schema: 'leadglass.desired-state/1',
      version: 1,
      timestampVersion: 2,
      repositoryPath: '/delivery/',
    })
    const versions = () => readdir(join(paths.updates, 'targets', 'models', 'chest-radiograph'))
    await eventually('the new release is there', async () => (await versions()).includes('1.1.0'))
    expect(agent.errors).not.toContain('ERR_ACCESS_DENIED')
  }, 60_000)
})

describe('the permission model around the agent', () => {
  it('lets it reach the exchange and its own state, and nothing else', async () => {
    const agent = await prepared('mqtts://127.0.0.1:1')
    const phi = join(folder, 'appliance', 'records.db')
    await writeFile(phi, 'secret')
    const entry = resolve(import.meta.dirname, 'testing', 'forbidden-acts.ts')
    const { exchangeFolder, agentFolder } = agent.config
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...agent.nodeArguments,
      entry,
      phi,
      join(folder, 'appliance'),
      exchangeFolder,
      agentFolder,
    ])
    expect(JSON.parse(stdout)).toEqual({
      'read-outside-file': 'ERR_ACCESS_DENIED',
      'list-outside-folder': 'ERR_ACCESS_DENIED',
      'write-outside': 'ERR_ACCESS_DENIED',
      'write-own-identity': 'ERR_ACCESS_DENIED',
      'link-to-outside': 'ERR_ACCESS_DENIED',
      'execute-program': 'ERR_ACCESS_DENIED',
      'spawn-program': 'ERR_ACCESS_DENIED',
      'start-worker': 'ERR_ACCESS_DENIED',
      'load-native-code': 'ERR_DLOPEN_DISABLED',
      'open-inspector': 'ERR_ACCESS_DENIED',
      'read-exchange': 'allowed',
      'write-exchange': 'allowed',
      'write-state': 'allowed',
    })
  })
})
