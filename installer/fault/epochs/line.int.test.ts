import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Envelope, type EnvelopeBody, sealEnvelope } from '@leadglass/sync-agent/contract'
import { exchangePaths, OutboxWriter, type SyncPolicy, SyncPolicyFile } from '@leadglass/sync-agent/exchange'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { featuresBody } from '../../../cloud-hub/testing/device.ts'
import { Site } from '../sync/site.ts'

/** Vectors of random values: they stay as large when they are compressed. */
function vector(values: number, seed: number): number[] {
  let state = seed
  return Array.from({ length: values }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.fround(state / 2 ** 32)
  })
}

describe('the line of the agent, with real processes', () => {
  let root: string
  let site: Site
  let outbox: OutboxWriter
  let policy: SyncPolicyFile

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'leadglass-line-'))
    site = await Site.prepare({ folder: root, envelopes: 0, perSecond: 1, random: Math.random })
    outbox = new OutboxWriter({ exchangeFolder: site.folders.exchange, device: site.device })
    await outbox.start()
    policy = new SyncPolicyFile(exchangePaths(site.folders.exchange).policy)
  })
  afterEach(async () => {
    await site.end()
    await rm(root, { recursive: true, force: true })
  })

  const seal = (sequence: number, body: EnvelopeBody): Envelope =>
    sealEnvelope({ device: site.device, epoch: 1, sequence }, body)
  const health = (sequence: number): Envelope =>
    seal(sequence, { kind: 'device-health', softwareVersion: '0.1.0', models: [], figures: {} })
  const features = (sequence: number, values: number): Envelope =>
    seal(sequence, featuresBody(sequence, vector(values, sequence)))
  const allow = (change: Partial<SyncPolicy>) =>
    policy.write({ schema: 'leadglass.sync-policy/1', bytesPerSecond: null, shut: [], ...change })

  function effects(table: string): number {
    const database = new Database(join(site.folders.hub, 'hub.db'), { readonly: true })
    try {
      return (database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { readonly n: number }).n
    } finally {
      database.close()
    }
  }

  async function parts(): Promise<string[]> {
    return readdir(join(site.folders.hub, 'uploads')).catch(() => [])
  }

  it('takes what is too large for a message by upload, and goes on after both sides were killed in between', async () => {
    await outbox.write([features(1, 2), features(2, 700_000), features(3, 2), health(1)])
    site.proxy.fault = 'latency'
    await site.start(['hub', 'agent'])
    const deadline = Date.now() + 30_000
    while ((await parts()).length === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20))
    expect(await parts()).toHaveLength(1)
    site.processes.agent.signal('SIGKILL')
    site.processes.hub.signal('SIGKILL')
    site.proxy.fault = null
    site.proxy.reset()
    expect(effects('instance_features')).toBeLessThan(3)
    expect(await parts()).toHaveLength(1)
    await expect.poll(() => effects('instance_features'), { timeout: 60_000 }).toBe(3)
    await expect.poll(() => effects('device_health'), { timeout: 10_000 }).toBe(1)
    expect(await parts()).toEqual([])
  }, 120_000)

  it('sends nothing on a stream whose window is shut, and the rest meanwhile', async () => {
    await allow({ shut: ['features'] })
    await outbox.write([features(1, 2), health(1)])
    await site.start(['hub', 'agent'])
    await expect.poll(() => effects('device_health'), { timeout: 20_000 }).toBe(1)
    await new Promise((done) => setTimeout(done, 1000))
    expect(effects('instance_features')).toBe(0)
    await allow({})
    await expect.poll(() => effects('instance_features'), { timeout: 20_000 }).toBe(1)
  }, 60_000)

  it('keeps to its rate', async () => {
    const each = 40_000
    await allow({ bytesPerSecond: 100_000 })
    for (let i = 1; i <= 12; i += 1) await outbox.write([features(i, each / 4)])
    const bytes = 12 * each
    const began = Date.now()
    await site.start(['hub', 'agent'])
    await expect.poll(() => effects('instance_features'), { timeout: 60_000, interval: 50 }).toBe(12)
    // Two seconds of rate may be saved up, and the last batch may go on credit.
    const least = (bytes - 2 * 100_000 - each) / 100_000
    expect((Date.now() - began) / 1000).toBeGreaterThan(least)
  }, 90_000)

  it('uses the line freely when the file of its appliance is damaged', async () => {
    await outbox.write([health(1)])
    await writeFile(policy.path, '{')
    await site.start(['hub', 'agent'])
    await expect.poll(() => effects('device_health'), { timeout: 20_000 }).toBe(1)
  }, 60_000)
})
