import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcknowledgedFile, committedSequence, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { azureView } from '@leadglass/ui/contract/hub-api'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'
import { TestCertificateAuthority } from '../../sync-agent/transport/testing/certificate-authority.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { enrolDevice, initialiseHub } from '../commands.ts'
import { IotHubEndpoint } from '../iot-hub-endpoint/index.ts'
import { device, featuresBody, sealAll } from '../testing/device.ts'
import { HubProcess } from '../testing/hub-process.ts'
import { EventHubServer } from './testing/event-hub-server.ts'

const BOX = device('box-01')
const DEVICE_KEY = Buffer.alloc(32, 9).toString('base64')
const SERVICE_KEY = Buffer.alloc(32, 11).toString('base64')
const FEATURES = { epoch: 1, stream: 'features' } as const

let folder: string
let events: EventHubServer
let cloud: IotHubEndpoint
let hub: HubProcess | undefined
let agent: AgentProcess
let settings: Record<string, unknown>
let container: Server
/** Files in the container, by path. */
const stored = new Map<string, string>()

/** What stands for Azure: an IoT Hub that routes what it takes to an Event Hub, and answers nothing by itself. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azure-side-'))
  const authority = new TestCertificateAuthority()
  events = await EventHubServer.create(2)
  await events.start()
  cloud = new IotHubEndpoint(
    {
      host: '127.0.0.1',
      mqttPort: 0,
      httpsPort: 0,
      hostName: 'localhost',
      folder: join(folder, 'azure'),
      ...authority.server(),
    },
    {
      devices: { isAdmitted: (name) => name === BOX, keysOf: (name) => (name === BOX ? [DEVICE_KEY] : []) },
      policies: { keysOf: (policy) => (policy === 'service' ? [SERVICE_KEY] : []) },
      intake: {
        submitBatch: async (name, payload) => {
          events.add(name, payload)
          return undefined
        },
        announceUpload: (name, payload) => events.add(name, payload, {}, 'leadglass.upload/1'),
      },
      onUpload: ({ device: owner, name, id }) =>
        void stored.set(`/uploads/${owner}/${name}`, join(folder, 'azure', 'uploads', owner, `${id}.blob`)),
      clock: systemClock,
      logger: silentLogger,
    },
  )
  await cloud.start()
  const { certificatePem, keyPem } = authority.server()
  container = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    const path = stored.get(new URL(request.url ?? '/', 'https://x').pathname)
    if (path === undefined || !(request.url ?? '').endsWith('?sig=test')) return void response.writeHead(404).end()
    createReadStream(path).pipe(response)
  })
  await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve))
  const hubFolder = join(folder, 'hub')
  await initialiseHub({ folder: hubFolder, names: ['localhost'] })
  await enrolDevice({ folder: hubFolder, device: BOX })
  const caFile = join(folder, 'service-ca.pem')
  await writeFile(caFile, authority.caPem)
  const service = `HostName=localhost:${cloud.ports.https};SharedAccessKeyName=service;SharedAccessKey=${SERVICE_KEY}`
  await writeFile(join(hubFolder, 'secrets', 'event-hubs.connection'), events.connectionString)
  await writeFile(join(hubFolder, 'secrets', 'iot-service.connection'), `${service}\n`)
  const { port } = container.address() as AddressInfo
  await writeFile(join(hubFolder, 'secrets', 'iot-uploads.container'), `https://localhost:${port}/uploads?sig=test\n`)
  settings = { azure: { serviceCaFile: caFile } }
  agent = await AgentProcess.prepare(join(folder, 'box'), BOX, 'mqtts://127.0.0.1:1', authority.client(BOX))
  const written = JSON.parse(await readFile(agent.configFile, 'utf8')) as Record<string, unknown>
  const gatewayHostName = `localhost:${cloud.ports.mqtt}`
  const filesHostName = `localhost:${cloud.ports.https}`
  const azureIot = { hostName: 'localhost', gatewayHostName, filesHostName, sharedAccessKeyFile: 'sas.key' }
  await writeFile(agent.configFile, JSON.stringify({ ...written, transport: 'azure-iot', azureIot }))
  await writeFile(join(folder, 'box', 'agent', 'sas.key'), `${DEVICE_KEY}\n`, { mode: 0o600 })
})
afterEach(async () => {
  await agent.end('SIGKILL')
  await hub?.kill()
  hub = undefined
  await cloud.stop()
  await events.stop()
  container.closeAllConnections()
  container.close()
  stored.clear()
  await rm(folder, { recursive: true, force: true })
})

it('from a box through an IoT Hub and its Event Hub to the hub and back: one effect each, and the outbox empties', async () => {
  const { exchangeFolder } = agent.config
  const writer = new OutboxWriter({ exchangeFolder, device: BOX })
  const acknowledged = new AcknowledgedFile(exchangePaths(exchangeFolder).acknowledged)
  const committed = async (): Promise<number> => {
    const read = await acknowledged.read()
    if (read.kind !== 'value') return 0
    await writer.remove(read.value.watermarks)
    return committedSequence(read.value, FEATURES)
  }
  await writer.start()
  await agent.start()
  let sent = 0
  const send = async (count: number): Promise<void> => {
    const bodies = Array.from({ length: count }, (_, i) => featuresBody(sent + i))
    await writer.write(sealAll(BOX, bodies, sent + 1))
    sent += count
  }
  // Azure takes while the hub is away; nothing is acknowledged by it.
  await send(100)
  await eventually('Azure has it', () => events.partitions.flat().length > 0, 30_000)
  expect(await committed()).toBe(0)
  hub = await HubProcess.start(join(folder, 'hub'), settings)
  await eventually('the first hundred are acknowledged', async () => (await committed()) === 100, 60_000)
  const running = hub
  await eventually('the hub says that it reads', async () => {
    const { azure } = azureView.parse(await running.get('/api/azure'))
    return azure?.readers[0]?.reading === true && azure.serviceTrouble === null
  })
  // One that fits into no message.
  const values = Array.from({ length: 60_000 }, () => Math.random())
  await writer.write(sealAll(BOX, [featuresBody(sent, values)], sent + 1))
  sent += 1
  for (let round = 0; round < 3; round++) {
    await send(100)
    if (round === 0) events.cut()
    if (round === 1) {
      await hub.kill()
      // What was read last comes again to the next process.
      events.replay = -3
      hub = await HubProcess.start(join(folder, 'hub'), settings)
    }
    await eventually('this round is acknowledged', async () => (await committed()) === sent, 60_000)
  }
  await eventually('the outbox is empty', async () => {
    await committed()
    return (await readdir(join(exchangeFolder, 'outbox'))).length === 0
  })
  await hub.kill()
  const database = new Database(join(folder, 'hub', 'hub.db'), { readonly: true })
  expect(database.prepare('SELECT count(*) FROM instance_features').pluck().get()).toBe(401)
  database.close()
}, 180_000)
