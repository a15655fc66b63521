import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentConfig, IdentityStore, joinHub, resolveConfig } from '@leadglass/sync-agent/agent'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'
import { device } from '../testing/device.ts'
import { EnrolmentHub } from './testing/enrolment-hub.ts'

const BOX = device('box-01')
/** Renewed after three fifths of it: late enough to be seen with the first certificate, early enough for a test. */
const LIFETIME_MS = 12_000

describe('a certificate with which a box comes to Azure IoT', () => {
  let hub: EnrolmentHub
  let folder: string
  let agent: AgentProcess

  beforeEach(async () => {
    hub = await EnrolmentHub.start({ lifetimeMs: LIFETIME_MS })
    folder = await mkdtemp(join(tmpdir(), 'box-'))
    const state = join(folder, 'agent', 'state')
    for (const path of [state, join(folder, 'exchange')]) await mkdir(path, { recursive: true })
    const { code } = hub.invitations.invite(BOX, 3_600_000)
    const options = { hubUrl: hub.url, code, device: BOX, auditKey: null, addressIsConfigured: true }
    const { caPem } = await joinHub(options, new IdentityStore(state), systemClock)
    await writeFile(join(folder, 'agent', 'hub-ca.pem'), caPem)
    const settings = {
      device: BOX,
      transport: 'azure-iot',
      // Nobody listens there: the certificate is kept young over the hub's own door, whether Azure answers or not.
      azureIot: { hostName: 'localhost', gatewayHostName: 'localhost:9' },
      exchangeFolder: 'exchange',
      agentFolder: 'agent',
      hub: { mqttUrl: hub.url, httpUrl: 'http://127.0.0.1:9/', caFile: 'agent/hub-ca.pem' },
      certificateFile: 'agent/device.pem',
      keyFile: 'agent/device.key',
      intervals: { renewalMs: 200, statusMs: 100 },
    }
    const file = join(folder, 'agent.json')
    await writeFile(file, JSON.stringify(settings))
    agent = AgentProcess.at(resolveConfig(agentConfig.parse(settings), folder), file)
  })
  afterEach(async () => {
    await agent.end('SIGTERM')
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('is renewed through the door of the hub', async () => {
    await agent.start()
    await expect.poll(() => hub.links(BOX), { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
  }, 40_000)

  it('raises an alarm at the box, ahead of its end, when the door cannot be reached', async () => {
    await hub.broker.stop()
    await agent.start()
    const said = async () => {
      const text = await readFile(join(folder, 'exchange', 'status', 'identity.json'), 'utf8').catch(() => '{}')
      const { problem, certificate } = JSON.parse(text) as {
        problem?: { code: string; nextStep: string } | null
        certificate?: { notAfter: string }
      }
      return { code: problem?.code ?? null, left: Date.parse(certificate?.notAfter ?? '') - Date.now() }
    }
    await expect.poll(async () => (await said()).code, { timeout: 20_000 }).toBe('hub-unreachable')
    expect((await said()).left).toBeGreaterThan(0)
  }, 40_000)
})
