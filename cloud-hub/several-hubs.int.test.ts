import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompactRange, decodeEvent } from '@leadglass/sync-agent/audit-log'
import { deviceList, failure, health, ingestSummary, logExport } from '@leadglass/ui/contract/hub-api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { enrolDevice, initialiseHub } from './commands.ts'
import { writePlace } from './storage/place.ts'
import { addDatabase } from './testing/databases.ts'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from './testing/device.ts'
import { HubProcess } from './testing/hub-process.ts'
import { postgresPrograms, startTestPostgres, type TestPostgres } from './testing/postgres.ts'

const BOX = device('box-01')
const programs = await postgresPrograms()

describe.skipIf(programs === undefined)('two hubs on one PostgreSQL', () => {
  let server: TestPostgres
  let folder: string
  let first: HubProcess
  let second: HubProcess

  beforeAll(async () => {
    server = await startTestPostgres(programs ?? '')
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'several-hubs-'))
    await writePlace(folder, addDatabase(server.url))
    await initialiseHub({ folder, names: ['localhost'] })
    first = await HubProcess.start(folder)
    second = await HubProcess.start(folder)
  })
  afterEach(async () => {
    await second.kill()
    await first.kill()
    await rm(folder, { recursive: true, force: true })
  })

  it('answer both, the one that leads for both where something changes, and write one log', async () => {
    expect([first.leads, second.leads]).toEqual([true, false])
    expect([first.mqtt === null, second.mqtt === null]).toEqual([false, true])
    for (const hub of [first, second]) expect(health.parse(await hub.get('/api/health')).version).toBe('0.1.0')
    await enrolDevice({ folder, device: BOX })
    // Reading an export is itself recorded, by whichever hub was asked; a revocation goes to the one that leads.
    await Promise.all(
      Array.from({ length: 12 }, async (_, i) => (i % 2 === 0 ? first : second).get('/api/audit/export')),
    )
    const refused = await second.request('POST', '/api/devices/box-99/revocation', { reason: 'lost' })
    expect(failure.parse(await refused.json()).error.code).not.toBe('no-leader')
    await second.post('/api/devices/box-01/revocation', { reason: 'lost' })
    for (const hub of [first, second]) {
      const { devices } = deviceList.parse(await hub.get('/api/devices'))
      expect(devices.find((one) => one.device === BOX)?.state).toBe('revoked')
    }
    await assertOneLog(first)
    await assertOneLog(second)
  })

  it('go on when the one that leads is killed: the other takes over, with everything that was acknowledged', async () => {
    const identity = await enrolDevice({ folder, device: BOX })
    const envelopes = sealAll(
      BOX,
      [1, 2, 3, 4].map((value) => featuresBody(value)),
    )
    const before = await TestDevice.connect(BOX, `mqtts://127.0.0.1:${first.mqtt}`, identity)
    const batch = crypto.randomUUID()
    await before.publish(payloadOf(envelopes.slice(0, 2), batch))
    await before.acknowledged(batch)
    await first.kill()
    await before.end()
    // Until the other leads, what would change something is refused or answered, never half done.
    await expect
      .poll(
        async () =>
          (await second.request('POST', '/api/devices/box-99/revocation', { reason: 'lost' }).catch(() => undefined))
            ?.status,
        {
          timeout: 30_000,
          interval: 250,
        },
      )
      .toBe(404)
    const { devices } = ingestSummary.parse(await second.get('/api/ingest/summary'))
    expect(devices[0]?.streams[0]).toMatchObject({ watermark: 2, effects: 2 })
    // The first one, started again, stands by.
    first = await HubProcess.start(folder)
    expect(first.leads).toBe(false)
    await assertOneLog(second)
  })
})

/** The log that a hub exports is the tree that its checkpoint says, leaf by leaf, whoever appended which. */
async function assertOneLog(hub: HubProcess): Promise<void> {
  const { leaves, checkpoint } = logExport.parse(await hub.get('/api/audit/export'))
  const range = new CompactRange()
  for (const leaf of leaves) range.append(Buffer.from(leaf, 'base64'))
  expect(leaves).toHaveLength(checkpoint.size)
  expect(Buffer.from(range.root()).toString('hex')).toBe(checkpoint.root)
  const events = leaves.map((leaf) => decodeEvent(Buffer.from(leaf, 'base64'))?.event)
  expect(events).toEqual(expect.arrayContaining(['process.started', 'log.read']))
}
