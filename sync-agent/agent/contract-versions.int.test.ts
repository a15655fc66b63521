import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acknowledgement, deviceId, type Envelope, type EnvelopeBody, sealEnvelope } from '../contract/index.ts'
import { AcknowledgedFile, AgentStatusFile, DesiredStateFile, exchangePaths, OutboxWriter } from '../exchange/index.ts'
import { TestCertificateAuthority } from '../transport/testing/certificate-authority.ts'
import { eventually } from '../transport/testing/eventually.ts'
import { HubStub } from '../transport/testing/hub-stub.ts'
import { TEST_HUB_NAME, TestBroker } from '../transport/testing/test-broker.ts'
import { AgentProcess } from './testing/agent-process.ts'

const GOLDEN = resolve(import.meta.dirname, '..', 'contract', 'golden', 'v1')
const DEVICE = deviceId.parse('test-box')
const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }
const authority = new TestCertificateAuthority()

const counts = (bin: number): EnvelopeBody => ({
  kind: 'drift-counts',
  model: MODEL,
  feature: 'score.pneumonia',
  month: '2020-03',
  cells: [{ bin, count: 11 }],
})
/** In this test the kind that came later than the hub. */
const later: EnvelopeBody = {
  kind: 'deployment-statistics',
  model: MODEL,
  champion: { model: MODEL },
  role: 'shadow',
  month: '2020-03',
  cells: [{ measure: 'pair', code: 'pneumonia', bin: 0, count: 11 }],
}
const health: EnvelopeBody = {
  kind: 'device-health',
  softwareVersion: '1.0.0',
  models: [],
  figures: { 'disk.free': 1 },
}

describe('a new agent and a hub of an earlier version, over real sockets', () => {
  let folder: string
  let broker: TestBroker
  let hub: HubStub
  let agent: AgentProcess

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-versions-'))
    broker = new TestBroker(authority)
    await broker.start()
    hub = new HubStub(broker.url, authority.client(TEST_HUB_NAME))
    hub.unknownKinds = new Set([later.kind])
    await hub.start()
    agent = await AgentProcess.prepare(folder, DEVICE, broker.url, authority.client(DEVICE))
  })
  afterEach(async () => {
    await agent.end('SIGKILL')
    await hub.stop()
    await broker.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const seal = (bodies: readonly EnvelopeBody[]): Envelope[] =>
    bodies.map((body, i) => sealEnvelope({ device: DEVICE, epoch: 1, sequence: i + 1 }, body))
  const paths = () => exchangePaths(agent.config.exchangeFolder)
  const acknowledged = async () => {
    const read = await new AcknowledgedFile(paths().acknowledged).read()
    return read.kind === 'value' ? read.value : undefined
  }

  it('keeps what the hub does not know, says why, lets everything else go on, and sends it when the hub has learned it', async () => {
    const writer = new OutboxWriter({ exchangeFolder: agent.config.exchangeFolder, device: DEVICE })
    await writer.start()
    await writer.write([...seal([counts(1), later, counts(2)]), ...seal([health, health])])
    await agent.start()
    await eventually(
      'the known messages are taken',
      () => hub.watermark(1, 'health') === 2 && hub.watermark(1, 'drift') === 1,
    )
    await eventually('the refusal is written down', async () =>
      ((await acknowledged())?.refused ?? []).some(({ stream, sequence, code }) => {
        return stream === 'drift' && sequence === 2 && code === 'schema'
      }),
    )
    await eventually('the status says why', async () => {
      const read = await new AgentStatusFile(paths().agentStatus).read()
      return read.kind === 'value' && read.value.lastError?.code === 'schema' && read.value.waiting.drift === 1
    })
    // Only the stream of the unknown message waits: its order is kept.
    await writer.write([sealEnvelope({ device: DEVICE, epoch: 1, sequence: 3 }, health)])
    await eventually('health goes on', () => hub.watermark(1, 'health') === 3)
    expect(hub.watermark(1, 'drift')).toBe(1)

    hub.unknownKinds = new Set()
    await broker.stop()
    await broker.start()
    await eventually('the unknown message is taken in the end', () => hub.watermark(1, 'drift') === 3, 20_000)
    expect(hub.accepted.get('1/drift')?.map(({ body }) => body.kind)).toEqual([
      'drift-counts',
      'deployment-statistics',
      'drift-counts',
    ])
    await eventually('no refusal is left', async () => (await acknowledged())?.refused.length === 0)
  }, 60_000)

  it('understands what a hub of the first version says, byte for byte', async () => {
    const text = await readFile(join(GOLDEN, 'acknowledgement.golden'), 'utf8')
    const members = Object.keys(JSON.parse(text) as object).sort()
    const writer = new OutboxWriter({ exchangeFolder: agent.config.exchangeFolder, device: DEVICE })
    await writer.start()
    await writer.write(seal([health]))
    await agent.start()
    await eventually('the answer is written down', async () => (await acknowledged())?.watermarks.length === 1)
    expect(Object.keys(JSON.parse(hub.lastAnswer) as object).sort()).toEqual(members)
    expect(acknowledgement.safeParse(JSON.parse(text)).success).toBe(true)

    const desired = await readFile(join(GOLDEN, 'desired-state.golden'), 'utf8')
    await hub.desire(DEVICE, JSON.parse(desired))
    await eventually('the wish is written down', async () => {
      const read = await new DesiredStateFile(paths().desired).read()
      return read.kind === 'value' && read.value.version === 3
    })
  }, 60_000)
})
