import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EnrolmentHub } from '../enrolment/testing/enrolment-hub.ts'
import { device, featuresBody, payloadOf, sealAll, TestDevice } from '../testing/device.ts'

const BOX = device('box-01')
const OTHER = device('box-02')

const text = (members: string): string => `{"schema":"leadglass.batch/1","batch":"${randomUUID()}",${members}}`
const [first] = sealAll(BOX, [featuresBody(0)])
const good = JSON.stringify(first)

/** What a device may send instead of a batch: the alarm that it raises, and the bytes. */
const PAYLOADS: readonly (readonly [string, string, () => Buffer])[] = [
  ['a gzip bomb', 'payload-inflates-too-far', () => gzipSync(Buffer.alloc(150_000_000))],
  [
    'a bomb of many members',
    'payload-inflates-too-far',
    () => Buffer.concat(Array(150).fill(gzipSync(Buffer.alloc(9000)))),
  ],
  ['a cut payload', 'payload-not-gzip', () => payloadOf([first]).subarray(0, -9)],
  ['two members', 'payload-not-gzip', () => Buffer.concat([payloadOf([first]), gzipSync(Buffer.alloc(0))])],
  ['bytes after the end', 'payload-not-gzip', () => Buffer.concat([payloadOf([first]), Buffer.from('hidden!!')])],
  ['no compression', 'payload-not-gzip', () => Buffer.from(text(`"envelopes":[${good}]`))],
  ['a name twice', 'payload-not-canonical', () => gzipSync(text(`"envelopes":[],"envelopes":[${good}]`))],
  ['a name twice within', 'payload-not-canonical', () => gzipSync(text(`"envelopes":[{"epoch":9,${good.slice(1)}]`))],
  ['white space', 'payload-not-canonical', () => gzipSync(text(`"envelopes": [${good}]`))],
  ['another spelling of a number', 'payload-not-canonical', () => gzipSync(text(`"envelopes":[{"epoch":1.0}]`))],
  ['nesting of 90,000', 'payload-not', () => gzipSync(text(`"envelopes":${'['.repeat(90_000)}${']'.repeat(90_000)}`))],
  [
    'broken UTF-8',
    'payload-not-json',
    () => gzipSync(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0x22, 0x7d])])),
  ],
  [
    'a later version',
    'payload-version-unknown',
    () => gzipSync(text(`"envelopes":[${good}]`).replace('batch/1', 'batch/2')),
  ],
  ['a member that no version has', 'payload-not-a-batch', () => gzipSync(text(`"extra":1,"envelopes":[${good}]`))],
]

describe('what a device sends that is no batch', () => {
  let hub: EnrolmentHub
  let box: TestDevice
  let other: TestDevice
  let sent = 0

  beforeAll(async () => {
    hub = await EnrolmentHub.start()
    box = await TestDevice.connect(BOX, hub.url, await hub.enrolment.enrol(BOX))
    other = await TestDevice.connect(OTHER, hub.url, await hub.enrolment.enrol(OTHER))
  })
  afterAll(async () => {
    await box.end()
    await other.end()
    await hub.stop()
  })

  const stored = (name = BOX): number =>
    (hub.core.database.prepare('SELECT count(*) AS n FROM envelope_inbox WHERE device = ?').get(name) as { n: number })
      .n
  const alarms = (code: string): number =>
    (
      hub.core.database
        .prepare("SELECT coalesce(sum(occurrences), 0) AS n FROM ingest_alarm WHERE code LIKE ? || '%' AND device = ?")
        .get(code, BOX) as { n: number }
    ).n
  const send = async (from: TestDevice, envelopes: readonly unknown[]) => {
    const batch = randomUUID()
    await from.publish(payloadOf(envelopes, batch))
    return from.acknowledged(batch)
  }
  /** The hub goes on: another device's next envelope is committed. */
  const othersGoOn = async (): Promise<void> => {
    sent += 1
    const { watermarks } = await send(other, sealAll(OTHER, [featuresBody(sent)], sent))
    expect(watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: sent }])
  }

  it.each(PAYLOADS)('%s is refused with %s, alarmed, and stored nowhere', async (_name, code, payload) => {
    const before = { stored: stored(), alarms: alarms(code) }
    await box.publish(payload())
    await othersGoOn()
    await expect.poll(() => alarms(code)).toBe(before.alarms + 1)
    expect(stored()).toBe(before.stored)
    expect(box.connected).toBe(true)
  })

  it('an earlier epoch sent again, whole or changed, stores nothing twice', async () => {
    const earlier = sealAll(BOX, [featuresBody(0), featuresBody(1)], 1, 1)
    expect((await send(box, earlier)).refused).toEqual([])
    expect((await send(box, sealAll(BOX, [featuresBody(0)], 1, 2))).refused).toEqual([])
    const held = stored()
    expect((await send(box, earlier)).refused).toEqual([])
    const changed = await send(box, sealAll(BOX, [featuresBody(7)], 2, 1))
    expect(changed.refused.map(({ code }) => code)).toEqual(['conflict'])
    expect(stored()).toBe(held)
    expect(alarms('device-cloned')).toBe(1)
    await othersGoOn()
  })

  it('an unknown kind, an unknown member and a later envelope version are refused one by one; what is known goes on', async () => {
    const next = (members: object) => ({ ...sealAll(BOX, [featuresBody(2)], 3, 1)[0], ...members })
    const held = stored()
    for (const future of [
      next({ body: { kind: 'from-the-future', value: 1 } }),
      next({ later: true }),
      next({ schema: 'leadglass.envelope/2' }),
    ]) {
      const { refused } = await send(box, [future])
      expect(refused).toEqual([{ epoch: 1, stream: 'features', sequence: 3, code: 'schema' }])
    }
    expect(stored()).toBe(held)
    expect((await send(box, [next({})])).watermarks).toEqual([{ epoch: 1, stream: 'features', sequence: 3 }])
  })

  it('entries of the audit log dated years away are kept as they are, and alarmed', async () => {
    const leaf = (at: string) => Buffer.from(JSON.stringify({ at })).toString('base64')
    const bodies = ['2099-01-01T00:00:00Z', '1970-01-01T00:00:00Z', new Date().toISOString()].map((at, index) => ({
      kind: 'audit-leaf' as const,
      index,
      leaf: leaf(at),
    }))
    expect((await send(box, sealAll(BOX, bodies))).refused).toEqual([])
    expect(alarms('clock-off')).toBe(2)
    await othersGoOn()
  })

  it('a packet that is too large ends the connection of its sender only', async () => {
    await expect(box.publish(Buffer.alloc(400_000, 1))).rejects.toThrow('ended')
    await othersGoOn()
  })
})
