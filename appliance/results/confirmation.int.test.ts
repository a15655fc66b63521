import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DimseError, type InstanceOutcome, type InstanceReference } from '../dimse/index.ts'
import { concat, dataSetOf, IMPLICIT_LITTLE, textElement, writePart10 } from '../imaging/dataset/index.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import { arrivalOf } from '../testing/arrivals.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { type ConfirmationAsker, DeliveryConfirmation, DeliveryQueue } from './index.ts'

const REPORT = { sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34', sopInstanceUid: '2.25.1' }

describe('confirmation of deliveries', () => {
  let held: ReturnType<typeof temporaryRecords>
  let clock: ManualClock
  let settings: Settings
  let queue: DeliveryQueue
  let confirmation: DeliveryConfirmation
  let sent: number
  let requested: (readonly InstanceReference[])[]
  let queried: number
  let commit: () => Promise<void>
  let finds: () => Promise<boolean>
  const audited: string[] = []

  const asker: ConfirmationAsker = {
    requestCommitment: (_destination, instances) => {
      requested.push(instances)
      return commit()
    },
    finds: (_destination, place) => {
      queried += 1
      expect(place).toMatchObject({ ...REPORT, studyInstanceUid: '1.2.3', seriesInstanceUid: '1.2.3.9' })
      return finds()
    },
  }
  const begin = async (): Promise<void> => {
    const note = (event: { event: string; codes?: readonly string[] }): void => {
      audited.push(`${event.event} ${event.codes?.join(' ') ?? ''}`)
    }
    const common = {
      records: held.records,
      settings: () => settings,
      audit: { record: note, recordNow: note },
      clock,
      randomness: { bytes: (length: number) => new Uint8Array(length).fill(255) },
      logger: silentLogger,
      onChanged: () => undefined,
    }
    queue = new DeliveryQueue({
      ...common,
      sender: {
        send: async (_destination, objects, onResult) => {
          sent += 1
          for (const position of objects.keys()) onResult(position, { kind: 'accepted', status: 0 })
        },
        probe: async () => undefined,
      },
    })
    confirmation = new DeliveryConfirmation({ ...common, asker })
    await queue.start()
    await confirmation.start()
  }
  const end = async (): Promise<void> => {
    await queue.stop()
    await confirmation.stop()
  }

  beforeEach(() => {
    held = temporaryRecords()
    clock = new ManualClock(1_800_000_000_000)
    sent = 0
    requested = []
    queried = 0
    commit = async () => undefined
    finds = async () => true
    audited.length = 0
  })
  afterEach(async () => {
    await end()
    held.dispose()
  })

  async function given(confirm: Settings['destinations'][number]['confirm']): Promise<void> {
    settings = settingsSchema.parse({
      destinations: [{ name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: 104, confirm }],
    })
    const { records } = held
    const added = records.transaction(() => records.intake.register(arrivalOf('1.1')))
    if (added.kind !== 'added') throw new Error('not added')
    records.revisions.complete(added.revisionId, 'cap', 0)
    const dataSet = dataSetOf([
      textElement(0x00080016, 'UI', REPORT.sopClassUid),
      textElement(0x00080018, 'UI', REPORT.sopInstanceUid),
      textElement(0x0020000e, 'UI', '1.2.3.9'),
    ])
    const { sopClassUid: mediaStorageSopClassUid, sopInstanceUid: mediaStorageSopInstanceUid } = REPORT
    const meta = { mediaStorageSopClassUid, mediaStorageSopInstanceUid, transferSyntaxUid: IMPLICIT_LITTLE }
    const content = Buffer.from(concat(writePart10({ dataSet, meta })))
    const row = { revisionId: added.revisionId, modelDigest: 'm', ...REPORT, content }
    records.transaction(() => {
      records.results.insertReport(row, ['pacs'], clock.now())
    })
    await begin()
  }
  const delivery = () => {
    const [one] = held.records.studies.deliveries(1)
    if (one === undefined) throw new Error('no delivery')
    return one
  }
  const eventually = (look: () => unknown, expected: unknown) =>
    expect
      .poll(
        () => {
          queue.wake()
          confirmation.wake()
          return look()
        },
        { timeout: 8000, interval: 20 },
      )
      .toEqual(expected)
  const settle = (outcome: InstanceOutcome, how: 'answered' | 'timed-out' = 'answered'): void => {
    confirmation.settled({
      requestId: 1,
      transactionUid: '2.25.9',
      destination: 'pacs',
      requestedAt: 0,
      expiresAt: 0,
      instances: [REPORT],
      how,
      outcomes: [outcome],
    })
  }

  it('by the C-STORE alone, unless the settings want more', async () => {
    await given('store')
    await eventually(() => delivery().state, 'accepted')
    expect(delivery()).toMatchObject({ confirmedBy: 'store', storedAt: null })
    expect(requested).toEqual([])
  })

  it('by commitment: accepted only when the archive has committed, also over a restart', async () => {
    await given('commitment')
    await eventually(() => requested.length, 1)
    expect(requested[0]).toEqual([REPORT])
    expect(delivery()).toMatchObject({ state: 'pending', storedAt: clock.now(), attempts: 1 })
    await end()
    await begin()
    clock.advance(60_000)
    confirmation.wake()
    expect(requested).toHaveLength(1)
    settle({ kind: 'committed' })
    expect(delivery()).toMatchObject({ state: 'accepted', confirmedBy: 'commitment' })
    expect(audited).toEqual(['result.delivered pacs confirmed-commitment commitment'])
    expect(sent).toBe(1)
  })

  it('sends again what the archive does not know, and asks again', async () => {
    await given('commitment')
    await eventually(() => requested.length, 1)
    settle({ kind: 'failed', failureReason: 0x0112 })
    expect(delivery()).toMatchObject({ state: 'pending', storedAt: null, reason: 'commitment-0112' })
    clock.advance(10_000)
    await eventually(() => requested.length, 2)
    expect(sent).toBe(2)
    settle({ kind: 'committed' })
    expect(delivery().state).toBe('accepted')
  })

  it('puts aside what the archive will never commit to; a person may send it again', async () => {
    await given('commitment')
    await eventually(() => requested.length, 1)
    settle({ kind: 'failed', failureReason: 0x0122 })
    expect(delivery()).toMatchObject({ state: 'dead', reason: 'commitment-0122' })
    expect(held.records.results.replay('pacs', delivery().deliveryId, clock.now())).toBe(true)
    await eventually(() => requested.length, 2)
    settle({ kind: 'committed' })
    expect(delivery().state).toBe('accepted')
  })

  it('asks by query when the report never comes, and takes a late report all the same', async () => {
    await given('commitment')
    finds = () => Promise.reject(new DimseError('connection-refused', 'away'))
    await eventually(() => requested.length, 1)
    settle({ kind: 'unanswered' }, 'timed-out')
    await eventually(() => delivery().reason, 'connection-refused')
    expect(queried).toBe(1)
    settle({ kind: 'failed', failureReason: 0x0112 })
    expect(delivery()).toMatchObject({ state: 'pending', storedAt: expect.any(Number) as number })
    settle({ kind: 'committed' })
    expect(delivery()).toMatchObject({ state: 'accepted', confirmedBy: 'commitment' })
  })

  it('asks by query where the archive offers no commitment', async () => {
    await given('commitment')
    commit = () => Promise.reject(new DimseError('no-presentation-context', 'not offered'))
    await eventually(() => delivery().state, 'accepted')
    expect(delivery().confirmedBy).toBe('query')
  })

  it('by query: asked until it is found, sent again when it is not', async () => {
    await given('query')
    finds = async () => false
    await eventually(() => delivery().storedAt !== null, true)
    for (let query = 1; query <= 3; query += 1) {
      clock.advance(30_000)
      await eventually(() => queried, query)
    }
    await eventually(() => delivery().storedAt, null)
    expect(delivery().reason).toBe('query-not-found')
    finds = async () => true
    clock.advance(30_000)
    await eventually(() => sent, 2)
    clock.advance(30_000)
    await eventually(() => delivery().state, 'accepted')
    expect(delivery().confirmedBy).toBe('query')
  })

  it('an archive that is away for long costs nothing but time', async () => {
    await given('commitment')
    commit = () => Promise.reject(new DimseError('connection-refused', 'away'))
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      await eventually(() => requested.length >= attempt, true)
      clock.advance(60_000)
    }
    expect(delivery()).toMatchObject({ state: 'pending', storedAt: expect.any(Number) as number })
    commit = async () => undefined
    const before = requested.length
    await eventually(() => requested.length > before, true)
    settle({ kind: 'committed' })
    expect(delivery().state).toBe('accepted')
    expect(sent).toBe(1)
  })
})
