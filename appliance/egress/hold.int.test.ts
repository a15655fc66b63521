import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReferenceDistributions } from '@leadglass/models'
import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId, Envelope, EnvelopeBody, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import { decodeBatch, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { egressSettings } from '../settings-egress.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { AuditTrail, countInstance, EgressDoor, EgressHold, HoldDesk, Relay, releaseCells } from './index.ts'

const DEVICE = 'test-box' as DeviceId
const ORIGIN = 'leadglass/test-box/audit'
const ANN = { kind: 'person', id: 'a'.repeat(32) } as never

describe('holding batches', () => {
  let held: ReturnType<typeof temporaryRecords>
  let exchange: string
  let clock: ManualClock
  let settings = egressSettings.parse({ hold: true })
  let door: EgressDoor
  let desk: HoldDesk
  let log: AuditLog
  let relay: Relay

  beforeEach(async () => {
    held = temporaryRecords()
    exchange = await mkdtemp(join(tmpdir(), 'leadglass-hold-'))
    clock = new ManualClock(Date.UTC(2026, 0, 5))
    settings = egressSettings.parse({ hold: true })
    const { records } = held
    const hold = new EgressHold({ records, clock })
    hold.follow(() => settings)
    door = new EgressDoor({ records, device: DEVICE, clock, hold })
    log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
    desk = new HoldDesk({ records, door, audit: new AuditTrail(log, door, records), clock })
    const outbox = new OutboxWriter({ exchangeFolder: exchange, device: DEVICE })
    await outbox.start()
    relay = new Relay({ records, outbox, logger: silentLogger })
  })
  afterEach(async () => {
    held.dispose()
    await rm(exchange, { recursive: true, force: true })
  })

  const name = (number: number): string => String(number).padStart(32, '0')

  function study(number: number): number {
    const inserted = held.records.database
      .prepare(
        `INSERT INTO study (study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name,
        patient_birth_date, patient_sex, accession_number, study_date, study_time, study_description, modalities,
        current_revision, state, instance_count, first_received_at, last_received_at, patient_issuer)
        VALUES (?, ?, ?, 'P', '', '', '', '', '', '', '', '', 0, 'receiving', 0, 0, 0, '')`,
      )
      .run(`1.2.${number}`, name(number), 'd'.repeat(32))
    return Number(inserted.lastInsertRowid)
  }

  const body = (number: number, instance = 0): EnvelopeBody => ({
    kind: 'not-scored',
    study: name(number) as StudyPseudonym,
    patient: 'd'.repeat(32) as PatientPseudonym,
    revision: 1,
    instance,
    reason: 'no-fit',
  })
  const offer = (studyId: number, one: EnvelopeBody) => held.records.transaction(() => door.seal(one, studyId))

  /** Every envelope in the exchange, as the agent reads it. */
  async function inExchange(): Promise<Envelope[]> {
    await relay.pass()
    const names = (await readdir(join(exchange, 'outbox'))).filter((file) => file.endsWith('.batch')).sort()
    const envelopes: Envelope[] = []
    for (const file of names) {
      const decoded = decodeBatch(await readFile(join(exchange, 'outbox', file)))
      if (decoded.kind === 'refused') throw new Error(decoded.code)
      envelopes.push(...decoded.batch.envelopes)
    }
    return envelopes
  }

  it('nothing of a held stream is in the exchange until its batch is released; then it is, in order, without gaps', async () => {
    const [one, two] = [study(1), study(2)]
    for (let i = 0; i < 3; i += 1) expect(offer(one, body(1, i))).toBeUndefined()
    expect(offer(two, body(2))).toBeUndefined()
    expect(await inExchange()).toEqual([])
    const [second] = desk.waitingOf(two)
    if (second === undefined) throw new Error('nothing waits')
    expect(desk.release({ batch: second.batchId, digest: second.digest, actor: ANN })).toBe(1)
    const [first] = desk.waitingOf(one)
    if (first === undefined) throw new Error('nothing waits')
    expect(desk.release({ batch: first.batchId, digest: first.digest, actor: ANN })).toBe(3)
    const left = (await inExchange()).filter((envelope) => envelope.stream === 'features')
    expect(left.map(({ sequence, body: said }) => [sequence, said])).toEqual([
      [1, body(2)],
      [2, body(1, 0)],
      [3, body(1, 1)],
      [4, body(1, 2)],
    ])
    expect(desk.totals()).toEqual({ waiting: 0, released: 4, refused: 0 })
  })

  it('what is refused is never sent and not kept, and who refused stands in the log, which is never held', async () => {
    const one = study(1)
    offer(one, body(1))
    const [batch] = desk.waitingOf(one)
    if (batch === undefined) throw new Error('nothing waits')
    desk.refuse({ batch: batch.batchId, digest: batch.digest, actor: ANN, reason: 'wrong patient' })
    expect((await inExchange()).map((envelope) => envelope.stream)).toEqual(['audit'])
    expect(desk.batch(batch.batchId)).toMatchObject({
      state: 'refused',
      decidedBy: 'a'.repeat(32),
      digest: batch.digest,
    })
    expect(desk.batch(batch.batchId).envelopes.map((envelope) => envelope.body)).toEqual([''])
    const event = [...log.leaves()].map((leaf) => decodeEvent(leaf)).at(-1)
    expect(event).toMatchObject({ event: 'egress.declined', subject: { kind: 'batch', id: batch.batchId } })
    const again = { batch: batch.batchId, digest: batch.digest, actor: ANN }
    expect(() => desk.release(again)).toThrow(expect.objectContaining({ code: 'batch-decided' }))
    expect(() => desk.release({ ...again, batch: crypto.randomUUID() })).toThrow(
      expect.objectContaining({ code: 'batch-unknown' }),
    )
  })

  it('a decision is about what was shown: a batch that has grown since is shown again first', () => {
    const one = study(1)
    offer(one, body(1))
    const [shown] = desk.waitingOf(one)
    if (shown === undefined) throw new Error('nothing waits')
    offer(one, body(1, 1))
    expect(() => desk.release({ batch: shown.batchId, digest: shown.digest, actor: ANN })).toThrow(
      expect.objectContaining({ code: 'batch-changed' }),
    )
    expect(desk.waitingOf(one)).toHaveLength(1)
  })

  it('keeps the order of a study when the hold is lifted: what follows joins what waits', () => {
    const [one, two] = [study(1), study(2)]
    offer(one, body(1))
    settings = egressSettings.parse({})
    expect(offer(one, body(1, 1))).toBeUndefined()
    expect(offer(two, body(2))).toMatchObject({ sequence: 1 })
    expect(desk.waitingOf(one)[0]?.envelopes).toHaveLength(2)
  })

  it('holds the streams that the settings name, all that it can before there are settings, and never the log', () => {
    const strict = new EgressDoor({
      records: held.records,
      device: DEVICE,
      clock,
      hold: new EgressHold({ records: held.records, clock }),
    })
    const health: EnvelopeBody = { kind: 'device-health', softwareVersion: '1.0.0', models: [], figures: {} }
    expect(held.records.transaction(() => strict.seal(health))).toBeUndefined()
    expect(held.records.transaction(() => door.seal(health))).toMatchObject({ stream: 'health' })
    settings = egressSettings.parse({ hold: true, holdStreams: ['labels'] })
    expect(offer(study(1), body(1))).toMatchObject({ stream: 'features' })
    expect(egressSettings.safeParse({ hold: true, holdStreams: ['audit'] }).success).toBe(false)
  })

  it('a study that is removed takes what waits with it', () => {
    const one = study(1)
    offer(one, body(1))
    const [batch] = desk.waitingOf(one)
    if (batch === undefined) throw new Error('nothing waits')
    held.records.transaction(() => {
      held.records.retention.erase({ studyId: one, instances: 0 }, 'test', 0, clock.now())
    })
    expect(desk.batch(batch.batchId)).toMatchObject({ state: 'refused', decidedBy: 'retention' })
    expect(desk.batch(batch.batchId).envelopes[0]?.body).toBe('')
  })

  it('sealed, waiting and refused add up to what was offered, whatever is decided in whatever order', () => {
    const act = fc.oneof(
      fc.record({ act: fc.constant('offer' as const), study: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ act: fc.constantFrom('release' as const, 'refuse' as const), study: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ act: fc.constant('toggle' as const), study: fc.constant(1) }),
    )
    const ids = [1, 2, 3, 4].map(study)
    let offered = 0
    let direct = 0
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        for (const { act: kind, study: number } of acts) {
          const studyId = ids[number - 1] ?? 0
          const [batch] = desk.waitingOf(studyId)
          if (kind === 'toggle') settings = egressSettings.parse({ hold: !settings.hold })
          else if (kind === 'offer') {
            offered += 1
            if (offer(studyId, body(number, offered)) !== undefined) direct += 1
          } else if (batch !== undefined) {
            const decision = { batch: batch.batchId, digest: batch.digest, actor: ANN }
            if (kind === 'release') desk.release(decision)
            else desk.refuse({ ...decision, reason: 'not this one' })
          }
        }
        const { waiting, released, refused } = desk.totals()
        const sealed = held.records.egress.envelopesAfter(1, 'features', 0, 100_000).map((row) => row.sequence)
        expect(sealed).toEqual(sealed.map((_, index) => index + 1))
        expect(sealed.length).toBe(direct + released)
        expect(direct + released + waiting + refused).toBe(offered)
      }),
      { numRuns: 20 },
    )
  })

  it('counts of drift: sent, held below 11, waiting and refused are the local truth', () => {
    const model = { name: 'chest-radiograph', version: '1.0.0', digest: 'a'.repeat(64) }
    const reference: ReferenceDistributions = {
      schema: 'leadglass.reference-distributions/1',
      features: [{ feature: 'score.pneumonia', edges: [0, 0.5, 1], counts: [1, 1] }],
    }
    const cellsOf = (one: EnvelopeBody): number =>
      one.kind === 'drift-counts' ? one.cells.reduce((sum, cell) => sum + cell.count, 0) : 0
    let refused = 0
    for (let index = 0; index < 100; index += 1) {
      held.records.transaction(() => {
        const measured = { scores: [{ code: 'pneumonia', value: (index % 7) / 7 }], embedding: [], quality: {} }
        countInstance(held.records.egress, model, reference, measured)
        for (const cells of releaseCells(held.records.egress, { month: '2020-03', hour: 1 })) door.seal(cells)
      })
      const [batch] = desk.list(10).filter((one) => one.state === 'waiting')
      if (batch === undefined) continue
      const decision = { batch: batch.batchId, digest: batch.digest, actor: ANN }
      if (index % 3 === 0) desk.release(decision)
      if (index % 3 === 1) {
        refused += batch.envelopes.reduce((sum, one) => sum + cellsOf(JSON.parse(one.body) as EnvelopeBody), 0)
        desk.refuse({ ...decision, reason: 'not these' })
      }
    }
    const sent = held.records.egress
      .envelopesAfter(1, 'drift', 0, 1000)
      .reduce((sum, row) => sum + cellsOf((JSON.parse(row.content) as { body: EnvelopeBody }).body), 0)
    const waiting = desk
      .list(100)
      .filter((one) => one.state === 'waiting')
      .flatMap((one) => one.envelopes)
      .reduce((sum, one) => sum + cellsOf(JSON.parse(one.body) as EnvelopeBody), 0)
    const below = held.records.egress.heldDrift().reduce((sum, row) => sum + row.held, 0)
    expect([sent > 0, refused > 0]).toEqual([true, true])
    expect(sent + refused + waiting + below).toBe(100)
  })
})
