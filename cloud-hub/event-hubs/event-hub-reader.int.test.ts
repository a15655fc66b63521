import { EventHubConsumerClient } from '@azure/event-hubs'
import { digestOf, silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../sync-agent/transport/testing/eventually.ts'
import { InboxIntake } from '../iot-hub-endpoint/index.ts'
import { device, featuresBody, payloadOf, sealAll } from '../testing/device.ts'
import { createHubCore, type HubCore } from '../testing/hub-core.ts'
import { Checkpoints } from './checkpoints.ts'
import { EventHubReader, type EventHubTrouble } from './event-hub-reader.ts'
import { EventHubServer } from './testing/event-hub-server.ts'

const BOXES = ['box-01', 'box-02', 'box-03', 'box-04', 'box-05'].map(device)
const [BOX = device('box-01')] = BOXES

let core: HubCore
let server: EventHubServer
const readers: EventHubReader[] = []
let failCommits = 0
let answers: string[] = []
let passedOver: string[] = []
let troubles: EventHubTrouble[] = []
/** What lies in the container, by digest. */
const uploads = new Map<string, Uint8Array>()

beforeEach(async () => {
  core = await createHubCore()
  for (const box of BOXES) await core.enrolment.enrol(box)
  server = await EventHubServer.create(4)
  await server.start()
  failCommits = 0
  answers = []
  passedOver = []
  troubles = []
})
afterEach(async () => {
  for (let reader = readers.pop(); reader !== undefined; reader = readers.pop()) await reader.stop()
  await server.stop()
  await core.close()
})

const batch = (box: ReturnType<typeof device>, first: number, count = 10): Uint8Array =>
  payloadOf(
    sealAll(
      box,
      Array.from({ length: count }, (_, i) => featuresBody(first + i)),
      first,
    ),
  )
const announcement = (payload: Uint8Array): Buffer =>
  Buffer.from(JSON.stringify({ schema: 'leadglass.upload/1', sha256: digestOf(payload), bytes: payload.length }))
const effects = (): number => core.database.prepare('SELECT count(*) FROM instance_features').pluck().get() as number
const places = (group = '$Default'): unknown[] =>
  core.database
    .prepare('SELECT partition, sequence FROM event_hub_checkpoint WHERE consumer_group = ? ORDER BY partition')
    .raw()
    .all(group)

/** A reader with the SDK as it is. */
async function reading(consumerGroup = '$Default'): Promise<EventHubReader> {
  const inbox = new InboxIntake(core.inbox, core.alarms)
  const reader = new EventHubReader({
    reading: { namespace: 'test', eventHub: 'telemetry', consumerGroup },
    createClient: () =>
      new EventHubConsumerClient(consumerGroup, server.connectionString, {
        retryOptions: { maxRetries: 0, timeoutInMs: 3000 },
      }),
    checkpoints: new Checkpoints(core.database, core.clock),
    sink: {
      intake: {
        submitBatch: async (name, payload) => {
          const answer = await inbox.submitBatch(name, payload)
          // The effects are committed, and the process fails before the checkpoint.
          if (failCommits-- > 0) throw new Error('the process ends here')
          return answer
        },
        submitUpload: (name, payload) => inbox.submitUpload(name, payload),
      },
      readUpload: async (_device, { sha256 }) => uploads.get(sha256),
      answer: (_device, answer) => void answers.push(answer.batch),
      passOver: (name, code) => void passedOver.push(`${name} ${code}`),
    },
    onTrouble: (trouble) => void troubles.push(trouble),
    randomness: systemRandomness,
    logger: silentLogger,
    backoff: { firstMs: 50, largestMs: 200 },
  })
  readers.push(reader)
  await reader.start()
  return reader
}

describe('the unmodified SDK reads an Event Hub', () => {
  it('all partitions, each from its checkpoint: commit first, then the checkpoint', async () => {
    for (const box of BOXES) for (const first of [1, 11]) server.add(box, batch(box, first))
    const reader = await reading()
    await eventually('everything is committed', () => effects() === 100, 20_000)
    const ends = server.partitions.flatMap((events, i) => (events.length === 0 ? [] : [[String(i), events.length - 1]]))
    expect(ends.length).toBeGreaterThan(1)
    await eventually('each checkpoint is at the end', () => JSON.stringify(places()) === JSON.stringify(ends))
    expect(reader.status).toMatchObject({ reading: true, partitions: 4, committed: 10, trouble: null })
    expect(server.claims.some((claim) => claim.endsWith('Partitions/3'))).toBe(true)
    await reader.stop()
    server.filters.length = 0
    server.add(BOX, batch(BOX, 21))
    await reading()
    await eventually('the new ones too', () => effects() === 110, 20_000)
    expect(answers).toHaveLength(11)
    const behind = server.filters.filter((filter) => !filter.endsWith("> '-1'"))
    expect(behind).toHaveLength(ends.length)
  }, 60_000)

  it('a crash between commit and checkpoint brings the events again, with one effect', async () => {
    failCommits = 1
    for (const first of [1, 11, 21]) server.add(BOX, batch(BOX, first))
    await reading()
    await eventually('every batch is answered', () => new Set(answers).size === 3, 20_000)
    expect(troubles).toContain('inbox')
    expect(effects()).toBe(30)
    const duplicates = core.database.prepare('SELECT sum(duplicates) FROM stream_watermark').pluck().get()
    expect(duplicates).toBeGreaterThan(0)
  }, 60_000)

  it('comes back for ever: server down at the start, connections cut, links detached, older events replayed', async () => {
    await server.stop()
    const reader = await reading()
    await eventually('it has tried', () => troubles.length > 0, 20_000)
    expect(troubles).toEqual(['unreachable'])
    await server.start()
    let sent = 0
    for (let round = 0; round < 6; round++) {
      for (const box of BOXES) server.add(box, batch(box, round * 10 + 1))
      sent += 50
      await eventually('this round is committed', () => effects() === sent, 30_000)
      server.replay = -2
      if (round % 2 === 0) server.cut()
      else server.detach()
      await eventually('the links are open again', () => server.links === 4, 30_000)
    }
    expect(effects()).toBe(300)
    await eventually('it reads without trouble', () => reader.status.trouble === null, 20_000)
  }, 120_000)

  it('refused claims and links are told by their cause, and tried again', async () => {
    server.claimStatus = 401
    const reader = await reading()
    await eventually('the claim is refused', () => troubles.includes('credentials-refused'), 20_000)
    server.claimStatus = 202
    server.refusal = 'com.microsoft:server-busy'
    await eventually('the service is busy', () => troubles.includes('throttled'), 20_000)
    server.refusal = 'amqp:not-found'
    await eventually('there is nothing', () => troubles.includes('not-found'), 20_000)
    server.refusal = undefined
    server.add(BOX, batch(BOX, 1))
    await eventually('it reads', () => effects() === 10 && reader.status.trouble === null, 20_000)
    server.detach('amqp:link:stolen')
    await eventually('another has taken over', () => troubles.includes('taken-over'), 20_000)
  }, 90_000)

  it('two consumer groups read everything, each with its own checkpoints, and the effects are there once', async () => {
    for (const first of [1, 11, 21]) server.add(BOX, batch(BOX, first))
    await reading('$Default')
    await reading('second')
    await eventually('both are through', () => places().length === 1 && places('second').length === 1, 20_000)
    await eventually('both have answered', () => answers.length === 6, 20_000)
    expect(effects()).toBe(30)
    expect(places()).toEqual(places('second'))
  }, 60_000)

  it('reads a batch that fits into no message from where it was announced, in its turn', async () => {
    const values = Array.from({ length: 60_000 }, () => Math.random())
    const large = payloadOf(sealAll(BOX, [featuresBody(11, values)], 11))
    expect(large.length).toBeGreaterThan(200_000)
    uploads.set(digestOf(large), large)
    server.add(BOX, batch(BOX, 1))
    server.add(BOX, announcement(large), {}, 'leadglass.upload/1')
    server.add(BOX, batch(BOX, 12))
    await reading()
    await eventually('all are committed', () => effects() === 21, 20_000)
    expect(answers).toHaveLength(3)
  }, 60_000)

  it('passes over for good what can never be taken: no device, foreign bodies, rubbish, other messages, strangers', async () => {
    const [, other = BOX] = BOXES
    server.add(undefined, batch(BOX, 1))
    server.add(BOX, batch(BOX, 1), { 'iothub-connection-device-id': 'Not A Device' })
    server.add(BOX, batch(BOX, 1), { 'iothub-message-source': 'twinChangeEvents' })
    server.add(BOX, Buffer.alloc(262_145))
    server.add(BOX, Buffer.from('rubbish'))
    server.add('stranger', batch(BOX, 1))
    // The body says another device than the service authenticated.
    server.add(BOX, batch(other, 1))
    server.add(BOX, Buffer.from('{"schema":"leadglass.upload/1"}'), {}, 'leadglass.upload/1')
    server.add(BOX, announcement(batch(BOX, 1)), {}, 'leadglass.upload/1')
    server.add(BOX, batch(BOX, 1))
    await reading()
    await eventually('what is good is committed', () => effects() === 10, 20_000)
    expect(passedOver.sort()).toEqual([
      ' event-without-device',
      ' event-without-device',
      `${BOX} event-not-telemetry`,
      `${BOX} event-too-large`,
      `${BOX} event-upload-malformed`,
      `${BOX} event-upload-missing`,
    ])
    const alarms = (): unknown[] =>
      core.database.prepare('SELECT device, code FROM ingest_alarm ORDER BY code').raw().all()
    await eventually('the other partition is through', () => alarms().length === 3)
    expect(alarms()).toEqual([
      ['stranger', 'device-unknown'],
      [BOX, 'foreign-device'],
      [BOX, 'payload-not-gzip'],
    ])
  }, 60_000)
})
