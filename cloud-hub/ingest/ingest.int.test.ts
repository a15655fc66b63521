import { randomBytes, randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { CompactRange } from '@leadglass/sync-agent/audit-log'
import { sealEnvelope, topics } from '@leadglass/sync-agent/contract'
import { silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { Broker } from './broker.ts'
import { CertificateAuthority } from './certificate-authority.ts'
import { epochRoots } from './epoch-roots.ts'
import { IngestClient } from './ingest-client.ts'
import { INGEST_COMMON_NAME } from './names.ts'
import { IngestPipeline } from './pipeline.ts'

const BOX = device('box-01')

interface Running {
  readonly core: HubCore
  readonly broker: Broker
  readonly client: IngestClient
  readonly pipeline: IngestPipeline
  readonly url: string
}

async function run(core: HubCore): Promise<Running> {
  const server = await core.authority.issueServer('broker', ['127.0.0.1', 'localhost'])
  const own = await core.authority.issueClient(INGEST_COMMON_NAME)
  const caPem = await core.authority.certificatePem()
  const broker = new Broker(
    { host: '127.0.0.1', port: 0, caPem, ...server, isAdmitted: (name) => core.enrolment.isAdmitted(name) },
    silentLogger,
  )
  await broker.start()
  const url = `mqtts://127.0.0.1:${broker.port}`
  const pipeline: IngestPipeline = new IngestPipeline(
    core.inbox,
    core.alarms,
    (topic, message) => client.send(topic, message),
    silentLogger,
  )
  const client = new IngestClient(
    { url, caPem, ...own, waitForBroker: true },
    (name, payload) => pipeline.take(name, payload),
    silentLogger,
  )
  await client.start()
  return { core, broker, client, pipeline, url }
}

const counts = (core: HubCore, table: string): number =>
  (core.database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n
const alarm = (core: HubCore, code: string): number =>
  (
    core.database.prepare('SELECT occurrences AS n FROM ingest_alarm WHERE code = ?').get(code) as
      | { n: number }
      | undefined
  )?.n ?? 0

describe('ingest over MQTT with mutual TLS', () => {
  let running: Running
  let box: TestDevice

  beforeEach(async () => {
    running = await run(await createHubCore())
    box = await TestDevice.connect(BOX, running.url, await running.core.enrolment.enrol(BOX))
  })
  afterEach(async () => {
    await box.end()
    await running.client.stop()
    await running.broker.stop()
    await running.pipeline.settle()
    await running.core.close()
  })

  const send = async (envelopes: readonly unknown[]) => {
    const batch = randomUUID()
    await box.publish(payloadOf(envelopes, batch))
    return box.acknowledged(batch)
  }

  it('commits a batch, acknowledges its watermark, and takes a second delivery as nothing new', async () => {
    const envelopes = sealAll(
      BOX,
      [0, 1, 2].map((i) => featuresBody(i)),
    )
    const first = await send(envelopes)
    expect(first.watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 3 }])
    const second = await send(envelopes)
    expect(second.watermarks).toEqual(first.watermarks)
    expect(second.refused).toEqual([])
    expect(counts(running.core, 'instance_features')).toBe(3)
    expect(counts(running.core, 'instance_scores')).toBe(3)
  })

  it('refuses what comes after a gap, and takes it once the gap is filled', async () => {
    const envelopes = sealAll(
      BOX,
      [0, 1, 2].map((i) => featuresBody(i)),
    )
    const gap = await send([envelopes[0], envelopes[2]])
    expect(gap.watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 1 }])
    expect(gap.refused).toEqual([{ epoch: 1, stream: 'features', sequence: 3, code: 'gap' }])
    expect(counts(running.core, 'envelope_inbox')).toBe(1)
    const filled = await send([envelopes[1], envelopes[2]])
    expect(filled.watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 3 }])
  })

  it('refuses another body at a committed sequence, and writes the alarm into its log', async () => {
    await send(sealAll(BOX, [featuresBody(0)]))
    const answer = await send(sealAll(BOX, [featuresBody(9)]))
    expect(answer.refused).toEqual([{ epoch: 1, stream: 'features', sequence: 1, code: 'conflict' }])
    expect(alarm(running.core, 'conflict')).toBe(1)
    const { log } = running.core.audit
    const leaves = Array.from({ length: log.size }, (_, i) => Buffer.from(log.leaf(i) ?? []).toString())
    expect(leaves.filter((leaf) => leaf.includes('"codes":["conflict"]'))).toHaveLength(1)
  })

  it('refuses an envelope in another device’s name', async () => {
    const foreign = sealEnvelope({ device: device('box-02'), epoch: 1, sequence: 1 }, featuresBody(0))
    const answer = await send([foreign])
    expect(answer.refused).toEqual([{ epoch: 1, stream: 'features', sequence: 1, code: 'foreign-device' }])
    expect(counts(running.core, 'envelope_inbox')).toBe(0)
  })

  it('refuses one malformed envelope and keeps its good neighbour', async () => {
    const [good, bad] = sealAll(BOX, [featuresBody(0), featuresBody(1)])
    const answer = await send([good, { ...bad, digest: '00'.repeat(32) }, { nonsense: true }])
    expect(answer.watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 1 }])
    expect(answer.refused).toEqual([{ epoch: 1, stream: 'features', sequence: 2, code: 'schema' }])
    expect(alarm(running.core, 'schema')).toBe(2)
  })

  it('stops a gzip bomb, rubbish and a batch that is no batch, and goes on', async () => {
    await box.publish(gzipSync(Buffer.alloc(50_000_000)))
    await box.publish(randomBytes(1000))
    await box.publish(gzipSync('not json'))
    await box.publish(payloadOf([]))
    const answer = await send(sealAll(BOX, [featuresBody(0)]))
    expect(answer.watermarks).toHaveLength(1)
    expect(alarm(running.core, 'payload-inflates-too-far')).toBe(1)
    expect(alarm(running.core, 'payload-not-gzip')).toBe(1)
    expect(alarm(running.core, 'payload-not-json')).toBe(1)
    expect(alarm(running.core, 'payload-not-a-batch')).toBe(1)
  })

  it('ends the connection that announces a packet above the limit', async () => {
    await expect(box.publish(randomBytes(400_000))).rejects.toThrow('connection was ended')
    expect(counts(running.core, 'envelope_inbox')).toBe(0)
  })

  it('ends the connection that publishes under another name', async () => {
    await expect(box.publish(payloadOf([{}]), topics.envelopes(device('box-02')))).rejects.toThrow()
    expect(counts(running.core, 'envelope_inbox')).toBe(0)
  })

  it('grants a device no topic but its own', async () => {
    const identity = await running.core.enrolment.enrol('box-02')
    await expect(TestDevice.connect(BOX, running.url, identity, 'box-02')).rejects.toThrow()
  })

  it('refuses another device’s client id, an unknown device, a revoked one and a foreign authority', async () => {
    const second = await running.core.enrolment.enrol('box-02')
    await expect(TestDevice.connect(device('box-02'), running.url, second, BOX)).rejects.toThrow()
    expect(box.connected).toBe(true)
    const stranger = await running.core.authority.issueClient('box-99')
    const caPem = await running.core.authority.certificatePem()
    await expect(TestDevice.connect(device('box-99'), running.url, { ...stranger, caPem })).rejects.toThrow()
    running.core.enrolment.revoke('box-02', 'lost')
    await expect(TestDevice.connect(device('box-02'), running.url, second)).rejects.toThrow()
    const foreign = new CertificateAuthority(`${running.core.folder}/foreign`, running.core.clock)
    await foreign.initialise()
    const forged = await foreign.issueClient(BOX)
    await expect(TestDevice.connect(BOX, running.url, { ...forged, caPem })).rejects.toThrow()
  })

  it('ingests 5,000 envelopes, and its tables give back the root of what was sent', async () => {
    const values = Array.from({ length: 128 }, (_, i) => Math.fround(Math.sin(i)))
    const envelopes = sealAll(
      BOX,
      Array.from({ length: 5000 }, (_, i) => featuresBody(i, values)),
    )
    const batches = Array.from({ length: 50 }, (_, i) => ({
      batch: randomUUID(),
      payload: (batch: string) => payloadOf(envelopes.slice(i * 100, i * 100 + 100), batch),
    })).map(({ batch, payload }) => ({ batch, payload: payload(batch) }))
    const begin = performance.now()
    await Promise.all(batches.map(({ payload }) => box.publish(payload)))
    const last = await box.acknowledged(batches.at(-1)?.batch ?? '')
    const seconds = (performance.now() - begin) / 1000
    expect(last.watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 5000 }])
    const expected = new CompactRange()
    for (const { digest } of envelopes) expected.append(Buffer.from(digest, 'hex'))
    const result = epochRoots(running.core.database)
    expect(result.damaged).toEqual([])
    expect(result.roots).toEqual([
      { device: BOX, epoch: 1, envelopes: 5000, root: Buffer.from(expected.root()).toString('hex') },
    ])
    console.info(`5,000 envelopes in ${seconds.toFixed(2)} s: ${Math.round(5000 / seconds)} a second`)
    expect(seconds).toBeLessThan(30)
  })
})
