import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AcknowledgedFile,
  committedSequence,
  DesiredStateFile,
  exchangePaths,
  OutboxWriter,
} from '@leadglass/sync-agent/exchange'
import { deviceDetail } from '@leadglass/ui/contract/hub-api'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AgentProcess } from '../sync-agent/agent/testing/agent-process.ts'
import { eventually } from '../sync-agent/transport/testing/eventually.ts'
import { freePort } from '../sync-agent/transport/testing/free-port.ts'
import { enrolDevice, initialiseHub } from './commands.ts'
import { device, featuresBody, sealAll } from './testing/device.ts'
import { HubProcess } from './testing/hub-process.ts'

const BOX = device('box-01')
const KEY = Buffer.alloc(32, 9).toString('base64')
/** An embedding of 240 KB. */
const LARGE = Array.from({ length: 60_000 }, () => Math.random())
const FEATURES = { epoch: 1, stream: 'features' } as const

let folder: string
let hubFolder: string
let settings: Record<string, unknown>
let hub: HubProcess
let agent: AgentProcess

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azure-iot-hub-'))
  hubFolder = join(folder, 'hub')
  await initialiseHub({ folder: hubFolder, names: ['localhost'] })
  const identity = await enrolDevice({ folder: hubFolder, device: BOX })
  const mqttPort = await freePort()
  const httpsPort = await freePort()
  settings = { iotHub: { hostName: 'hub.test', mqttPort, httpsPort } }
  await writeFile(join(hubFolder, 'secrets', 'device-keys.json'), JSON.stringify({ [BOX]: [KEY] }))
  agent = await AgentProcess.prepare(join(folder, 'box'), BOX, 'mqtts://127.0.0.1:1', identity)
  const written = JSON.parse(await readFile(agent.configFile, 'utf8')) as Record<string, unknown>
  const azureIot = {
    hostName: 'hub.test',
    gatewayHostName: `localhost:${mqttPort}`,
    filesHostName: `localhost:${httpsPort}`,
    sharedAccessKeyFile: 'sas.key',
    tokenValiditySeconds: 4,
  }
  await writeFile(agent.configFile, JSON.stringify({ ...written, transport: 'azure-iot', azureIot }))
  await writeFile(join(folder, 'box', 'agent', 'sas.key'), `${KEY}\n`, { mode: 0o600 })
})
afterEach(async () => {
  await agent.end('SIGKILL')
  await hub.kill()
  await rm(folder, { recursive: true, force: true })
})

it('a site and a hub as processes, wholly over the Azure IoT SDK: each batch has one effect, whoever is killed, and wishes arrive', async () => {
  const { exchangeFolder } = agent.config
  const paths = exchangePaths(exchangeFolder)
  const writer = new OutboxWriter({ exchangeFolder, device: BOX })
  const acknowledged = new AcknowledgedFile(paths.acknowledged)
  const committed = async (): Promise<number> => {
    const read = await acknowledged.read()
    return read.kind === 'value' ? committedSequence(read.value, FEATURES) : 0
  }
  await writer.start()
  // The hub is not there yet: the SDK takes that for a refused key, and the agent goes on trying.
  await agent.start()
  let sent = 0
  const send = async (count: number): Promise<void> => {
    const bodies = Array.from({ length: count }, (_, i) => featuresBody(sent + i))
    await writer.write(sealAll(BOX, bodies, sent + 1))
    sent += count
  }
  await send(100)
  await new Promise((resolve) => setTimeout(resolve, 700))
  hub = await HubProcess.start(hubFolder, settings)
  await eventually(
    'the first hundred are acknowledged through the twin',
    async () => (await committed()) === 100,
    30_000,
  )

  for (let round = 0; round < 3; round++) {
    await send(50)
    await hub.kill()
    await send(50)
    hub = await HubProcess.start(hubFolder, settings)
    if (round === 1) {
      await agent.end('SIGKILL')
      await agent.start()
    }
  }
  // One that fits into no message, between those that do: it goes as a file, over a restart of the hub.
  await writer.write(sealAll(BOX, [featuresBody(sent, LARGE)], sent + 1))
  sent += 1
  await hub.kill()
  hub = await HubProcess.start(hubFolder, settings)
  await send(10)
  await eventually('everything is acknowledged', async () => (await committed()) === sent, 60_000)
  const [stream] = deviceDetail.parse(await hub.get(`/api/devices/${BOX}`)).streams
  expect(stream).toMatchObject({ stream: 'features', watermark: sent, effects: sent })

  const sections = { schedules: { 'retention.windowMinutes': 45 } }
  const edit = { scope: 'device', name: BOX, sections, reason: 'a quieter night' }
  expect(await hub.post('/api/fleet/desired', edit)).toEqual({ devices: [BOX] })
  const desired = new DesiredStateFile(paths.desired)
  const versionOf = async (): Promise<number | undefined> => {
    const read = await desired.read()
    return read.kind === 'value' ? read.value.document?.version : undefined
  }
  await eventually('the wish has come through the twin', async () => (await versionOf()) === 1, 30_000)

  // A wish that is made while the agent is away waits in the twin, over a restart of the hub.
  await agent.end('SIGTERM')
  await hub.post('/api/fleet/desired', { ...edit, sections: { schedules: { 'retention.windowMinutes': 50 } } })
  await hub.kill()
  hub = await HubProcess.start(hubFolder, settings)
  await agent.start()
  await eventually('the wish has come after the agent', async () => (await versionOf()) === 2, 30_000)
  await writer.remove([{ ...FEATURES, sequence: await committed() }])
  expect(await readdir(paths.outbox)).toEqual([])
  expect(agent.errors).not.toContain('ERR_ACCESS_DENIED')
}, 180_000)
