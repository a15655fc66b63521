import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DimseError, type InstanceResult } from '../dimse/index.ts'
import { type Settings, settingsSchema } from '../settings.ts'
import { eventually } from '../testing/appliance-process.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { DeliveryQueue } from './index.ts'

const settings: Settings = settingsSchema.parse({
  destinations: [
    { name: 'pacs', aeTitle: 'PACS', host: '127.0.0.1', port: 104 },
    { name: 'archive', aeTitle: 'ARCHIVE', host: '127.0.0.1', port: 105 },
  ],
})

describe('the delivery queue', () => {
  let held: ReturnType<typeof temporaryRecords>
  let clock: ManualClock
  let queue: DeliveryQueue
  const answers = new Map<string, () => Promise<InstanceResult>>()
  const audited: string[] = []
  const probes: string[] = []
  let probe: () => string | undefined

  beforeEach(async () => {
    held = temporaryRecords()
    clock = new ManualClock(1_800_000_000_000)
    answers.clear()
    probes.length = 0
    probe = () => undefined
    audited.length = 0
    const { records } = held
    const note = (event: { event: string; codes?: readonly string[] }): void => {
      audited.push(`${event.event} ${event.codes?.join(' ') ?? ''}`)
    }
    queue = new DeliveryQueue({
      records,
      sender: {
        send: async ({ name }, objects, onResult) => {
          for (const position of objects.keys()) {
            onResult(position, (await answers.get(name)?.()) ?? { kind: 'accepted', status: 0 })
          }
        },
        probe: async ({ name }) => {
          probes.push(name)
          return probe()
        },
      },
      settings: () => settings,
      audit: { record: note, recordNow: note },
      clock,
      randomness: { bytes: (length) => new Uint8Array(length).fill(255) },
      logger: silentLogger,
      onChanged: () => undefined,
    })
    await queue.start()
    const added = records.transaction(() =>
      records.intake.register({
        sopInstanceUid: '1.1',
        digest: '0'.repeat(64),
        sopClassUid: '1.2',
        transferSyntaxUid: '1.2',
        bytes: 1,
        callingAeTitle: 'X',
        remoteAddress: '',
        associationId: '',
        receivedAt: 0,
        header: {
          kind: 'read',
          study: {
            studyInstanceUid: '1.2.3',
            studyPseudonym: 'a'.repeat(32),
            patientPseudonym: 'b'.repeat(32),
            patientId: '',
            patientName: '',
            patientBirthDate: '',
            patientSex: '',
            accessionNumber: '',
            studyDate: '',
            studyTime: '',
            studyDescription: '',
          },
          seriesInstanceUid: '1',
          modality: 'DX',
          urgent: false,
        },
      }),
    )
    if (added.kind !== 'added') throw new Error('not added')
    records.revisions.complete(added.revisionId, 'cap', 0)
    const row = { revisionId: added.revisionId, modelDigest: 'm', sopClassUid: '1', sopInstanceUid: '2.25.1' }
    records.transaction(() => {
      records.results.insertReport({ ...row, content: Buffer.from('x') }, ['pacs', 'archive'], clock.now())
    })
  })
  afterEach(async () => {
    await queue.stop()
    held.dispose()
  })

  const states = (): Record<string, string> =>
    Object.fromEntries(
      held.records.studies.deliveries(1).map((row) => [row.destination, `${row.state} ${row.attempts}`]),
    )
  const settled = (expected: Record<string, string>): Promise<true> =>
    eventually(
      () => {
        queue.wake()
        return JSON.stringify(states()) === JSON.stringify(expected) ? true : undefined
      },
      `deliveries ${JSON.stringify(expected)} instead of ${JSON.stringify(states())}`,
      8000,
    )

  it('delivers to each destination by itself, and waits longer each time for the one that is down', async () => {
    answers.set('pacs', async () => ({ kind: 'not-sent', error: new DimseError('connection-refused', 'down') }))
    await settled({ archive: 'accepted 1', pacs: 'pending 1' })
    clock.advance(1999)
    queue.wake()
    await settled({ archive: 'accepted 1', pacs: 'pending 1' })
    clock.advance(1)
    await settled({ archive: 'accepted 1', pacs: 'pending 2' })
    answers.delete('pacs')
    clock.advance(4000)
    await settled({ archive: 'accepted 1', pacs: 'accepted 3' })
    expect(audited.filter((event) => event.includes('pacs'))).toEqual([
      'result.refused pacs connection-refused',
      'result.delivered pacs',
    ])
  })

  it('puts aside what a destination refuses for good, until a person sends it again', async () => {
    answers.set('pacs', async () => ({ kind: 'refused', status: 0x0122, comment: '', failureClass: 'permanent' }))
    await settled({ archive: 'accepted 1', pacs: 'dead 1' })
    clock.advance(86_400_000)
    await settled({ archive: 'accepted 1', pacs: 'dead 1' })
    const [dead] = held.records.results.dead('pacs', 10)
    expect(dead?.reason).toBe('status-0122')
    expect(audited.map((event) => event.split(' ')[0])).toContain('result.dead')
    answers.delete('pacs')
    expect(held.records.results.replay('archive', dead?.deliveryId ?? 0, clock.now())).toBe(false)
    expect(held.records.results.replay('pacs', dead?.deliveryId ?? 0, clock.now())).toBe(true)
    await settled({ archive: 'accepted 1', pacs: 'accepted 2' })
  })

  it('tries again what was not answered', async () => {
    answers.set('pacs', () => Promise.reject(new Error('a defect of the sender')))
    await settled({ archive: 'accepted 1', pacs: 'pending 0' })
    answers.delete('pacs')
    await settled({ archive: 'accepted 1', pacs: 'accepted 1' })
  })

  it('leaves a destination alone after five failures, probes it, and sends at once when it is back', async () => {
    answers.set('pacs', async () => ({ kind: 'not-sent', error: new DimseError('connection-refused', 'down') }))
    probe = () => 'connection-refused'
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await settled({ archive: 'accepted 1', pacs: `pending ${attempt}` })
      clock.advance(300_000)
    }
    await eventually(() => {
      queue.wake()
      return probes.length > 0 ? true : undefined
    }, 'a probe')
    expect(queue.circuit('pacs')).toMatchObject({ kind: 'open', reason: 'connection-refused' })
    // While it is open nothing is sent and no attempt is counted, however long it lasts.
    for (let hour = 0; hour < 48; hour += 1) {
      clock.advance(3_600_000)
      const before = probes.length
      await eventually(() => {
        queue.wake()
        return probes.length > before ? true : undefined
      }, 'another probe')
    }
    expect(states().pacs).toBe('pending 5')
    answers.delete('pacs')
    probe = () => undefined
    clock.advance(600_000)
    await settled({ archive: 'accepted 1', pacs: 'accepted 6' })
    expect(queue.circuit('pacs')).toEqual({ kind: 'closed', failures: 0 })
    expect(probes.every((name) => name === 'pacs')).toBe(true)
  })

  it('does not make a dead letter of everything when a destination refuses us for good', async () => {
    answers.set('pacs', async () => ({
      kind: 'not-sent',
      error: new DimseError('association-rejected-permanent', 'calling AE title not recognised'),
    }))
    await settled({ archive: 'accepted 1', pacs: 'dead 1' })
    await eventually(() => (queue.circuit('pacs').kind === 'open' ? true : undefined), 'an open circuit')
    const [dead] = held.records.results.dead('pacs', 10)
    expect(held.records.results.replay('pacs', dead?.deliveryId ?? 0, clock.now())).toBe(true)
    queue.wake()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(states().pacs).toBe('pending 1')
    answers.delete('pacs')
    queue.retryNow()
    await settled({ archive: 'accepted 1', pacs: 'accepted 2' })
  })

  it('sends nothing any more that a person dropped', async () => {
    answers.set('pacs', async () => ({ kind: 'not-sent', error: new DimseError('connection-refused', 'down') }))
    await settled({ archive: 'accepted 1', pacs: 'pending 1' })
    const [waiting] = held.records.deliveries.list({ destination: 'pacs', limit: 10 })
    const id = waiting?.deliveryId ?? 0
    expect(held.records.deliveries.drop(id, 'wrong place', 'operator', clock.now())).toBe(true)
    expect(held.records.deliveries.drop(id, 'wrong place', 'operator', clock.now())).toBe(false)
    answers.delete('pacs')
    clock.advance(86_400_000)
    queue.wake()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(held.records.deliveries.find(id)).toMatchObject({
      state: 'dead',
      reason: 'dropped',
      dropReason: 'wrong place',
    })
    expect(held.records.results.replay('pacs', id, clock.now())).toBe(false)
    expect(held.records.results.counts()).toEqual([])
  })
})
