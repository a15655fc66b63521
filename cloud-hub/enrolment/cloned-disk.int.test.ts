import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IdentityStore, joinHub } from '@leadglass/sync-agent/agent'
import { decodeEvent } from '@leadglass/sync-agent/audit-log'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AgentProcess } from '../../sync-agent/agent/testing/agent-process.ts'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from '../testing/device.ts'
import { EnrolmentHub, type EnrolmentHubOptions } from './testing/enrolment-hub.ts'

const BOX = device('box-01')
const WAIT = { timeout: 30_000, interval: 100 }

describe('the identity of a box that runs', () => {
  let hub: EnrolmentHub
  let folder: string
  const agents: AgentProcess[] = []

  const begin = async (options: EnrolmentHubOptions): Promise<void> => {
    hub = await EnrolmentHub.start(options)
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'boxes-'))
  })
  afterEach(async () => {
    for (const agent of agents.splice(0)) await agent.end('SIGKILL')
    await hub.stop()
    await rm(folder, { recursive: true, force: true })
  })

  /** A box in a folder of its own that looks at its certificate several times a second. */
  const prepared = async (name: string): Promise<AgentProcess> => {
    const box = join(folder, name)
    const agent = await AgentProcess.prepare(box, BOX, hub.url, await hub.enrolment.enrol(BOX))
    await quick(box)
    agents.push(agent)
    return agent
  }
  const quick = async (box: string): Promise<void> => {
    const path = join(box, 'agent.json')
    const settings = JSON.parse(await readFile(path, 'utf8')) as { intervals: Record<string, number> }
    settings.intervals.renewalMs = 200
    await writeFile(path, JSON.stringify(settings))
  }
  /** Copies the whole folder of a box, as an image of its disk, with settings that find their way in the copy. */
  const copied = async (from: string, name: string): Promise<AgentProcess> => {
    const box = join(folder, name)
    await cp(join(folder, from), box, { recursive: true })
    const identity = { caPem: '', certificatePem: '', keyPem: '' }
    for (const [member, file] of [
      ['caPem', 'hub-ca.pem'],
      ['certificatePem', 'device.pem'],
      ['keyPem', 'device-key.pem'],
    ] as const) {
      identity[member] = await readFile(join(box, 'agent', file), 'utf8')
    }
    const agent = await AgentProcess.prepare(box, BOX, hub.url, identity)
    await quick(box)
    agents.push(agent)
    return agent
  }

  it('is renewed again and again by itself, through kills at any moment and a hub that is away', async () => {
    await begin({ lifetimeMs: 20_000, graceMs: 60_000 })
    const agent = await prepared('box')
    await agent.start()
    for (let kill = 0; kill < 8; kill++) {
      await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 900))
      await agent.end('SIGKILL')
      await agent.start()
    }
    await expect.poll(() => hub.links(BOX), WAIT).toBeGreaterThanOrEqual(3)
    expect(hub.held(BOX)).toBeNull()
    expect(hub.alarms('device-cloned')).toBe(0)
    const identity = await new IdentityStore(join(folder, 'box', 'agent', 'state')).read()
    expect(identity?.keyPem).not.toBe(await readFile(join(folder, 'box', 'agent', 'device-key.pem'), 'utf8'))
    // The hub is away when it is time to renew; what is left of the certificate's life is enough.
    const before = hub.links(BOX)
    await hub.broker.stop()
    await new Promise((resolve) => setTimeout(resolve, 6000))
    await hub.broker.start()
    await expect.poll(() => hub.links(BOX), WAIT).toBeGreaterThan(before)
    expect(await agent.end('SIGTERM')).toBe(0)
  }, 120_000)

  it('in two copied boxes that both run is found by their starts; both are held until a person decides', async () => {
    await begin({})
    const original = await prepared('box')
    await original.start()
    await expect.poll(() => hub.held(BOX)).toBeNull()
    const copy = await copied('box', 'copy')
    await copy.start()
    await expect.poll(() => hub.held(BOX), WAIT).toMatch(/^boot\./)
    expect(hub.alarms('device-cloned', BOX)).toBeGreaterThanOrEqual(1)
    const words = [...hub.core.audit.log.leaves()].map((leaf) => decodeEvent(leaf)?.event)
    expect(words).toContain('device.held')
    await expect.poll(() => hub.alarms('refused-device-held', BOX), WAIT).toBeGreaterThanOrEqual(2)
    await original.end('SIGTERM')
    await copy.end('SIGTERM')
    // The decision: the box is taken in anew; the copies stay outside, and hold nobody any more.
    const { code } = hub.invitations.invite(BOX, 60_000)
    const store = new IdentityStore(await mkdtemp(join(folder, 'new-')))
    const joined = await joinHub({ hubUrl: hub.url, code, device: BOX, auditKey: null }, store, systemClock)
    const box = await TestDevice.connect(BOX, hub.url, joined)
    await copy.start()
    await expect.poll(() => hub.alarms('refused-certificate-superseded', BOX), WAIT).toBeGreaterThanOrEqual(1)
    expect(hub.held(BOX)).toBeNull()
    expect(box.connected).toBe(true)
    await box.end()
  }, 120_000)

  it('of a copy that lay in a drawer is found when it comes with a certificate that the box has replaced', async () => {
    await begin({ lifetimeMs: 20_000 })
    const original = await prepared('box')
    const copy = await copied('box', 'copy')
    await original.start()
    await expect.poll(() => hub.links(BOX), WAIT).toBeGreaterThanOrEqual(2)
    await copy.start()
    await expect.poll(() => hub.held(BOX), WAIT).toMatch(/^(?:certificate\.superseded|renewal\.conflict|boot\.)/)
    expect(hub.alarms('device-cloned', BOX)).toBeGreaterThanOrEqual(1)
  }, 120_000)

  it('that sent other things under the same numbers raises the alarm, and so does a fork of its audit log', async () => {
    await begin({})
    const identity = await hub.enrolment.enrol(BOX)
    const send = async (index: number, leaf: string): Promise<readonly { readonly code: string }[]> => {
      const box = await TestDevice.connect(BOX, hub.url, identity)
      const event = { kind: 'audit-leaf' as const, index: 0, leaf: Buffer.from(leaf).toString('base64') }
      const batch = crypto.randomUUID()
      await box.publish(payloadOf([...sealAll(BOX, [featuresBody(index)]), ...sealAll(BOX, [event])], batch))
      const { refused } = await box.acknowledged(batch)
      await box.end()
      return refused
    }
    expect(await send(0, '{"at":"2026-01-01T00:00:00Z"}')).toEqual([])
    const refused = await send(1, '{"at":"2026-01-01T00:00:01Z"}')
    expect(refused.map(({ code }) => code)).toEqual(['conflict', 'conflict'])
    expect(hub.alarms('device-cloned', BOX)).toBe(2)
    expect(hub.alarms('audit-fork', BOX)).toBe(1)
  })
})
