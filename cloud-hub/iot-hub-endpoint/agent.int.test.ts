import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STREAMS } from '@leadglass/sync-agent/contract'
import { AcknowledgedFile, exchangePaths, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'
import { EnvelopeSource } from '../../sync-agent/agent/testing/envelopes.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { DEVICE, DEVICE_KEY, EndpointFixture, HUB_NAME } from './testing/endpoint-fixture.ts'

let folder: string
let hub: EndpointFixture
let agent: AgentProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-'))
  hub = await EndpointFixture.create()
})
afterEach(async () => {
  await agent?.end('SIGKILL')
  agent = undefined
  await hub.remove()
  await rm(folder, { recursive: true, force: true })
})

async function prepared(azureIot: Record<string, unknown>): Promise<AgentProcess> {
  agent = await AgentProcess.prepare(folder, DEVICE, 'mqtts://127.0.0.1:1', hub.authority.client(DEVICE))
  const settings = JSON.parse(await readFile(agent.configFile, 'utf8')) as Record<string, unknown>
  const address = { hostName: HUB_NAME, gatewayHostName: `localhost:${hub.mqttPort}` }
  const changed = { ...settings, transport: 'azure-iot', azureIot: { ...address, ...azureIot } }
  await writeFile(agent.configFile, JSON.stringify(changed))
  await writeFile(join(folder, 'agent', 'device.key'), `${DEVICE_KEY}\n`, { mode: 0o600 })
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

  async settle(): Promise<boolean> {
    const read = await this.#acknowledged.read()
    if (read.kind !== 'value') return false
    await this.writer.remove(read.value.watermarks)
    const committed = (stream: string): number =>
      read.value.watermarks.find((mark) => mark.stream === stream)?.sequence ?? 0
    return STREAMS.every((stream) => committed(stream) === this.source.of(stream).length)
  }
}

describe('the agent under the permission model, through the SDK', () => {
  it.each([
    [
      'a shared access key whose token is renewed again and again',
      { sharedAccessKeyFile: 'device.key', tokenValiditySeconds: 4 },
    ],
    ['its certificate', {}],
  ])(
    'carries 2,000 envelopes through random restarts of the endpoint and its own kills, each once and in order, with %s',
    async (_name, azureIot) => {
      await hub.start()
      const process = await prepared(azureIot)
      const relay = new Relay(process.config.exchangeFolder)
      await relay.writer.start()
      await process.start()
      let restarts = 0
      for (let round = 0; round < 20; round++) {
        for (let part = 0; part < 10; part++) await relay.writer.write(relay.source.next(10))
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 700))
        if (Math.random() < 0.4 || round % 7 === 3) {
          await hub.stop()
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 400))
          await hub.start()
          restarts += 1
        }
        if (round % 6 === 2) hub.intake.breakAfterCommit = 1
        if (round % 5 === 4) {
          await process.end('SIGKILL')
          await process.start()
        }
        await relay.settle()
      }
      await eventually('everything is acknowledged', () => relay.settle(), 60_000)
      expect(restarts).toBeGreaterThanOrEqual(3)
      expect(relay.source.all).toHaveLength(2000)
      for (const stream of STREAMS) {
        expect(hub.intake.of(stream)).toEqual(relay.source.of(stream).map((envelope) => envelope.digest))
      }
      expect(hub.intake.refusedPayloads).toBe(0)
      expect(await readdir(join(process.config.exchangeFolder, 'outbox'))).toEqual([])
      expect(await process.end('SIGTERM')).toBe(0)
      expect(process.errors).not.toContain('ERR_ACCESS_DENIED')
    },
    180_000,
  )
})
