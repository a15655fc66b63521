import type { Envelope } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { READ_LAST_COSIGNED } from '../audit/site-mirror.ts'
import { EFFECTS, LAST_HEALTH } from '../fleet/fleet.ts'
import { READ_TABLES } from '../lake/sqlite-source.ts'
import { device, featuresBody, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { admit } from './admission.ts'
import { READ_CLOSING, READ_RANGE } from './epoch-comparison.ts'
import { epochRoots } from './epoch-roots.ts'
import { READ_COMMITTED_DIGEST } from './inbox.ts'
import { parsePayload } from './payload.ts'

const BOX = device('box-01')
const OTHER = device('box-02')

describe('the rule of the inbox', () => {
  it('takes the next sequence, knows the same again, and refuses the rest', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 1, max: 60 }), fc.boolean(), (watermark, sequence, same) => {
        const digest = 'd' as Envelope['digest']
        const result = admit({ sequence, digest }, watermark, sequence > watermark ? undefined : same ? 'd' : 'x')
        if (sequence === watermark + 1) expect(result).toEqual({ outcome: 'accept' })
        else if (sequence > watermark) expect(result).toEqual({ outcome: 'refuse', code: 'gap' })
        else expect(result).toEqual(same ? { outcome: 'duplicate' } : { outcome: 'refuse', code: 'conflict' })
      }),
    )
  })
})

describe('the inbox', () => {
  let core: HubCore

  beforeEach(async () => {
    core = await createHubCore()
    await core.enrolment.enrol(BOX)
  })
  afterEach(() => core.close())

  const effects = (): number =>
    (core.database.prepare('SELECT count(*) AS n FROM instance_features').get() as { n: number }).n
  const parsed = (envelopes: readonly Envelope[]) => parsePayload(BOX, payloadOf(envelopes))

  it('ends with every envelope once, whatever is doubled, reordered or lost on the way', async () => {
    const all = sealAll(
      BOX,
      Array.from({ length: 12 }, (_, i) => featuresBody(i)),
    )
    let epoch = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 8 }), { maxLength: 12 }),
        async (deliveries) => {
          epoch += 1
          const mine = sealAll(
            BOX,
            all.map((one) => one.body),
            1,
            epoch,
          )
          for (const delivery of deliveries) {
            core.inbox.commit([await parsed(delivery.flatMap((i) => mine[i] ?? []))])
          }
          core.inbox.commit([await parsed(mine)])
          expect(effects()).toBe(12 * epoch)
          const mark = core.database.prepare('SELECT sequence FROM stream_watermark WHERE epoch = ?').get(epoch)
          expect(mark).toEqual({ sequence: 12 })
        },
      ),
      { numRuns: 40 },
    )
  })

  it('leaves no trace of a transaction that fails', async () => {
    const batch = await parsed(sealAll(BOX, [featuresBody(0), featuresBody(1)]))
    core.database.exec(`CREATE TRIGGER broken BEFORE INSERT ON instance_scores WHEN NEW.envelope = 2
      BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
    expect(() => core.inbox.commit([batch])).toThrow('the disk is full')
    expect(effects()).toBe(0)
    expect(core.database.prepare('SELECT count(*) AS n FROM stream_watermark').get()).toEqual({ n: 0 })
    core.database.exec('DROP TRIGGER broken')
    expect(core.inbox.commit([batch])[0]).toMatchObject({ outcome: 'committed', accepted: 2 })
  })

  it('turns away devices that it does not know or no longer listens to', async () => {
    const batch = await parsePayload(OTHER, payloadOf(sealAll(OTHER, [featuresBody(0)])))
    expect(core.inbox.commit([batch])).toEqual([{ outcome: 'turned-away', code: 'device-unknown' }])
    core.enrolment.revoke(BOX, 'stolen')
    const mine = await parsed(sealAll(BOX, [featuresBody(0)]))
    expect(core.inbox.commit([mine])).toEqual([{ outcome: 'turned-away', code: 'device-revoked' }])
    await expect(core.enrolment.enrol(BOX)).rejects.toMatchObject({ code: 'device-revoked' })
  })

  it('finds an effect that was changed after it was accepted', async () => {
    core.inbox.commit([await parsed(sealAll(BOX, [featuresBody(0), featuresBody(1)]))])
    expect(epochRoots(core.database).damaged).toEqual([])
    core.database.prepare('UPDATE instance_scores SET value = 0.9 WHERE envelope = 2').run()
    expect(epochRoots(core.database).damaged).toEqual([{ device: BOX, epoch: 1, stream: 'features', sequence: 2 }])
  })

  it('writes one audit entry a minute and cause, however much rubbish comes', async () => {
    const size = core.audit.log.size
    for (let i = 0; i < 50; i++) core.alarms.raise(BOX, 'payload-not-gzip', 1)
    expect(core.audit.log.size).toBe(size + 1)
    core.clock.advance(61_000)
    core.alarms.raise(BOX, 'payload-not-gzip', 1)
    expect(core.audit.log.size).toBe(size + 2)
    expect(core.database.prepare('SELECT occurrences FROM ingest_alarm').get()).toEqual({ occurrences: 51 })
  })

  it.each([
    ['committed digest', READ_COMMITTED_DIGEST, 4],
    ['end of a closed epoch', READ_CLOSING, 3],
    ['range of an epoch', READ_RANGE, 5],
    ['last cosigned checkpoint', READ_LAST_COSIGNED, 1],
    ['last health', LAST_HEALTH, 1],
    ['effects of a device', EFFECTS, 1],
    ['labels for the lake', READ_TABLES.labels, 2],
    ['features for the lake', READ_TABLES.features, 2],
    ['scores for the lake', READ_TABLES.scores, 2],
    ['drift counts for the lake', READ_TABLES.drift_counts, 2],
  ])('looks up by index: %s', (_name, sql, parameters) => {
    const plan = core.database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...Array.from({ length: parameters }, () => 'x')) as {
      detail: string
    }[]
    const scans = plan
      .map((step) => step.detail)
      .filter((detail) => /^SCAN /.test(detail) && !/USING .*INDEX/.test(detail))
    expect(scans).toEqual([])
  })
})
