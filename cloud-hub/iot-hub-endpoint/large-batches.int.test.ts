import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Acknowledgement, type EpochAnswer, MAX_BATCH_BYTES, sealEnvelope } from '@leadglass/sync-agent/contract'
import { packEnvelopes } from '@leadglass/sync-agent/exchange'
import type { Service } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DeviceProof } from '../../sync-agent/transport/azure-iot/index.ts'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { featuresBody } from '../testing/device.ts'
import { batchOf } from './testing/batches.ts'
import { DEVICE, DEVICE_KEY, EndpointFixture, transportTo } from './testing/endpoint-fixture.ts'

const running: Service[] = []
let hub: EndpointFixture

beforeEach(async () => {
  hub = await EndpointFixture.create()
  running.push(hub)
  await hub.start()
})
afterEach(async () => {
  for (let service = running.pop(); service !== undefined; service = running.pop()) await service.stop()
  await hub.remove()
})

/** One batch of one envelope that fits into no message. */
function large(sequence: number): { readonly id: string; readonly bytes: Uint8Array } {
  const body = featuresBody(
    sequence,
    Array.from({ length: 60_000 }, () => Math.random()),
  )
  const [packed] = packEnvelopes([sealEnvelope({ device: DEVICE, epoch: 1, sequence }, body)])
  if (packed === undefined) throw new Error('nothing packed')
  return { id: packed.batch.batch, bytes: packed.bytes }
}

async function connected(proof: DeviceProof) {
  const told = transportTo(hub, { proof: () => proof })
  running.push(told.transport)
  await told.transport.start()
  await eventually('the link is up', told.up)
  return told
}
const KEY: DeviceProof = { kind: 'shared-access-key', key: DEVICE_KEY }

describe('a batch that fits into no message', () => {
  it.each<[string, DeviceProof]>([
    ['a key', KEY],
    ['a certificate', { kind: 'certificate' }],
  ])(
    'goes as a file, is committed before the notification is answered, and is answered through the twin, with %s',
    async (_name, proof) => {
      const { transport, answers, marks } = await connected(proof)
      const one = large(1)
      expect(one.bytes.length).toBeGreaterThan(MAX_BATCH_BYTES)
      await transport.upload(one.bytes)
      expect([hub.intake.total, hub.intake.uploads]).toEqual([1, 1])
      await eventually('it is answered', () => answers.includes(one.id))
      expect(marks.get('features')).toBe(1)
      // An answer that was lost: the whole file again, with one effect.
      await transport.upload(one.bytes)
      await eventually('it is answered again', () => answers.length === 2)
      expect([hub.intake.total, hub.intake.duplicates]).toEqual([1, 1])
      // Messages and files share a row of slots.
      await transport.publish(batchOf(1, 3).bytes)
      await eventually('the rest too', () => marks.get('health') === 3)
      expect(await readdir(join(hub.folder, 'uploads', DEVICE))).toEqual([])
    },
    30_000,
  )

  it('that the commit cannot take comes again: the file goes, the notification is not answered, nothing is acknowledged', async () => {
    const { transport, answers } = await connected(KEY)
    const one = large(1)
    hub.intake.breakAfterCommit = 1
    await expect(transport.upload(one.bytes)).rejects.toThrow()
    expect(answers).toEqual([])
    await transport.upload(one.bytes)
    await eventually('it is answered', () => answers.includes(one.id))
    expect([hub.intake.total, hub.intake.duplicates]).toEqual([1, 1])
  }, 30_000)

  it('that is refused, and a hub that asks for less, fail with a wait that grows', async () => {
    const { transport } = await connected(KEY)
    const rubbish = Buffer.from('no batch')
    await expect(transport.upload(rubbish)).rejects.toThrow()
    expect(hub.intake.refusedPayloads).toBe(1)
    expect(await readdir(join(hub.folder, 'uploads', DEVICE))).toEqual([])
    await hub.stop()
    const begin = Date.now()
    for (let i = 0; i < 3; i++) await expect(transport.upload(rubbish)).rejects.toThrow()
    // 50 ms doubled three times and half of it at least.
    expect(Date.now() - begin).toBeGreaterThan(50 + 100 + 150 - 50)
    await hub.start()
  }, 30_000)
})

describe('answers about epochs', () => {
  it('reach the device that made the statement, and with no other batch', async () => {
    const root = (n: number): string => n.toString(16).padStart(64, '0')
    const epochs: EpochAnswer[] = [
      {
        epoch: 3,
        serial: 7,
        envelopes: 120,
        root: root(9),
        ranges: Array.from({ length: 64 }, (_, i) => ({ envelopes: i, root: root(i) })),
        beyond: [{ stream: 'drift', from: 4, to: 9 }],
      },
    ]
    const { transport } = await connected(KEY)
    const heard: Acknowledgement[] = []
    transport.onAcknowledgement((answer) => void heard.push(answer))
    const submit = hub.intake.submitBatch.bind(hub.intake)
    hub.intake.submitBatch = async (device, payload) => {
      const answer = await submit(device, payload)
      return answer.watermarks[0]?.sequence === 2 ? { ...answer, epochs } : answer
    }
    for (const sequence of [1, 2, 3]) await transport.publish(batchOf(sequence, 1).bytes)
    await eventually('all are answered', () => heard.length === 3)
    expect(heard.map((answer) => answer.epochs)).toEqual([undefined, epochs, undefined])
  }, 30_000)
})
