import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OutboxWriter } from '@leadglass/sync-agent/exchange'
import { silentLogger, systemClock } from '@leadglass/sync-agent/foundation'
import { describe, expect, it } from 'vitest'
import { EgressDoor, EgressHold, HoldDesk, Relay } from '../../appliance/egress/index.ts'
import { egressSettings } from '../../appliance/settings-egress.ts'
import { temporaryRecords } from '../../appliance/testing/memory-records.ts'
import { parsePayload } from '../../cloud-hub/ingest/payload.ts'
import { device, featuresBody } from '../../cloud-hub/testing/device.ts'
import { createHubCore } from '../../cloud-hub/testing/hub-core.ts'

const BOX = device('box-01')
const COUNT = 'SELECT count(*) AS n, max(generation) AS generation FROM instance_features'

describe('a held batch', () => {
  it('is nowhere outside until a person releases it, and at the hub after that', async () => {
    const held = temporaryRecords()
    const exchange = await mkdtemp(join(tmpdir(), 'leadglass-hold-'))
    const hub = await createHubCore()
    try {
      await hub.enrolment.enrol(BOX)
      const { records } = held
      const hold = new EgressHold({ records, clock: systemClock })
      hold.follow(() => egressSettings.parse({ hold: true }))
      const door = new EgressDoor({ records, device: BOX, clock: systemClock, hold })
      const audit = { record: () => undefined, recordNow: () => undefined }
      const desk = new HoldDesk({ records, door, audit, clock: systemClock })
      const outbox = new OutboxWriter({ exchangeFolder: exchange, device: BOX })
      await outbox.start()
      const relay = new Relay({ records, outbox, logger: silentLogger })
      const batches = async (): Promise<string[]> => {
        await relay.pass()
        return (await readdir(join(exchange, 'outbox'))).filter((name) => name.endsWith('.batch')).sort()
      }

      records.transaction(() => {
        for (let index = 0; index < 3; index += 1) door.seal({ ...featuresBody(index), generation: 2 })
      })
      expect(await batches()).toEqual([])

      const [batch] = desk.list(1)
      if (batch === undefined) throw new Error('nothing waits')
      const actor = { kind: 'system', id: 'operator' } as const
      expect(desk.release({ batch: batch.batchId, digest: batch.digest, actor })).toBe(3)
      for (const name of await batches()) {
        const payload = await readFile(join(exchange, 'outbox', name))
        const [result] = hub.inbox.commit([await parsePayload(BOX, payload)])
        expect(result).toMatchObject({ outcome: 'committed' })
      }
      expect(hub.database.prepare(COUNT).get()).toEqual({ n: 3, generation: 2 })
    } finally {
      await hub.close()
      held.dispose()
      await rm(exchange, { recursive: true, force: true })
    }
  })
})
