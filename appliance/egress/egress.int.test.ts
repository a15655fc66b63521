import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AuditLog,
  createCosigner,
  createNoteSigner,
  decodeEvent,
  readCheckpoint,
  SqliteLogStore,
  signCheckpoint,
} from '@leadglass/sync-agent/audit-log'
import type { DeviceId, EnvelopeBody, StreamName } from '@leadglass/sync-agent/contract'
import { type AcknowledgedState, decodeBatch, OutboxWriter } from '@leadglass/sync-agent/exchange'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import { takeAcknowledgement } from './acknowledgements.ts'
import { EpochRoller } from './epoch-roller.ts'
import { AuditTrail, Checkpoints, EgressDoor, Relay } from './index.ts'
import { reportRejections } from './quotas.ts'

const DEVICE = 'test-box' as DeviceId
const ORIGIN = 'leadglass/test-box/audit'
const NOTE = `${ORIGIN}\n1\n${Buffer.alloc(32).toString('base64')}\n\n\u2014 ${ORIGIN} AAAAAAAAAAAA\n`

const LABEL = {
  kind: 'study-label',
  label: '00000000-0000-4000-8000-000000000001',
  study: 'a'.repeat(32),
  patient: 'b'.repeat(32),
  revision: 1,
  finding: 'pneumonia',
  value: 'present',
  reader: 'c'.repeat(32),
  blind: false,
} as EnvelopeBody

describe('the door', () => {
  let held: ReturnType<typeof temporaryRecords>
  let exchange: string
  let clock: ManualClock
  let door: EgressDoor
  let log: AuditLog
  let audit: AuditTrail
  let relay: Relay
  let checkpoints: Checkpoints

  beforeEach(async () => {
    held = temporaryRecords()
    exchange = await mkdtemp(join(tmpdir(), 'leadglass-exchange-'))
    clock = new ManualClock(Date.UTC(2026, 0, 5))
    const { records } = held
    door = new EgressDoor({ records, device: DEVICE, clock })
    log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
    audit = new AuditTrail(log, door, records)
    const outbox = new OutboxWriter({ exchangeFolder: exchange, device: DEVICE })
    await outbox.start()
    relay = new Relay({ records, outbox, logger: silentLogger })
    const signer = createNoteSigner(ORIGIN, generateKeyPairSync('ed25519').privateKey)
    checkpoints = new Checkpoints({ records, log, signer, door, clock })
  })
  afterEach(async () => {
    held.dispose()
    await rm(exchange, { recursive: true, force: true })
  })

  function record(count: number): void {
    for (let i = 0; i < count; i += 1) {
      audit.recordNow({
        event: 'study.listed',
        actor: { kind: 'system', id: 'test' },
        subject: null,
        outcome: 'success',
      })
    }
  }

  async function files(): Promise<string[]> {
    return (await readdir(join(exchange, 'outbox'))).filter((name) => name.endsWith('.batch')).sort()
  }

  function acknowledge(change: Partial<AcknowledgedState>): void {
    const state: AcknowledgedState = {
      schema: 'leadglass.acknowledged/1',
      watermarks: [],
      refused: [],
      cosigned: null,
      at: new Date(clock.now()).toISOString(),
      ...change,
    }
    takeAcknowledgement(state, { records: held.records, log, audit, clock, logger: silentLogger })
  }

  const words = (): string[] => [...log.leaves()].map((leaf) => decodeEvent(leaf)?.event ?? '')
  const mark = (sequence: number, stream: StreamName = 'audit') => ({ epoch: 1, stream, sequence })
  const counter = (stream: StreamName) => held.records.egress.counters().find((one) => one.stream === stream)

  it('seals only inside a transaction, and takes the position back with a rollback', () => {
    expect(() => door.seal({ kind: 'audit-checkpoint', note: NOTE })).toThrow(/transaction/)
    expect(() =>
      held.records.transaction(() => {
        door.seal({ kind: 'audit-checkpoint', note: NOTE })
        throw new Error('the record failed')
      }),
    ).toThrow('the record failed')
    expect(held.records.transaction(() => door.seal({ kind: 'audit-checkpoint', note: NOTE }))?.sequence).toBe(1)
  })

  it('cannot seal what the contract cannot say', () => {
    const body = { kind: 'audit-checkpoint', note: NOTE, patientName: 'DOE^JANE' } as {
      kind: 'audit-checkpoint'
      note: string
    }
    expect(() => held.records.transaction(() => door.seal(body))).toThrow(/patientName/)
  })

  it('relays each envelope once, in order, as batches that the agent can read', async () => {
    record(25)
    expect(await relay.pass()).toBe(25)
    expect(await relay.pass()).toBe(0)
    record(5)
    expect(await relay.pass()).toBe(5)
    const sequences: number[] = []
    for (const name of await files()) {
      const decoded = decodeBatch(await readFile(join(exchange, 'outbox', name)))
      if (decoded.kind === 'refused') throw new Error(decoded.code)
      sequences.push(...decoded.batch.envelopes.map((envelope) => envelope.sequence))
    }
    expect(sequences).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  })

  it('writes the same files again after a crash between file and mark', async () => {
    record(10)
    await relay.pass()
    const before = await readFile(join(exchange, 'outbox', (await files())[0] ?? ''))
    held.records.transaction(() => {
      held.records.egress.rewind(1, 'audit', 0)
    })
    await relay.pass()
    expect(await files()).toHaveLength(1)
    expect((await readFile(join(exchange, 'outbox', (await files())[0] ?? ''))).equals(before)).toBe(true)
  })

  it('takes watermarks, never beyond what was sealed, and clears files that are covered', async () => {
    record(10)
    await relay.pass()
    acknowledge({ watermarks: [mark(11)] })
    expect(counter('audit')?.acknowledged).toBe(0)
    acknowledge({ watermarks: [mark(10)] })
    expect(counter('audit')?.acknowledged).toBe(10)
    await relay.clear()
    expect(await files()).toEqual([])
    acknowledge({ watermarks: [mark(4)] })
    expect(counter('audit')?.acknowledged).toBe(10)
    expect(held.records.egress.newest(1, null)[0]).toMatchObject({ acknowledged: 1, acknowledgedAt: clock.now() })
  })

  it('relays again from the watermark when the hub misses something', async () => {
    record(10)
    await relay.pass()
    acknowledge({ watermarks: [mark(10)] })
    await relay.clear()
    acknowledge({ watermarks: [mark(3)], refused: [{ ...mark(11), code: 'gap' }] })
    expect(counter('audit')).toMatchObject({ acknowledged: 3, relayed: 3 })
    await relay.pass()
    expect((await files())[0]).toMatch(/^0000001-0-000000000004-/)
    expect(words()).toContain('egress.rewound')
  })

  it('raises a refusal once and keeps it', () => {
    record(3)
    acknowledge({ refused: [{ ...mark(2), code: 'schema' }] })
    acknowledge({ refused: [{ ...mark(2), code: 'schema' }] })
    expect(held.records.egress.refusalCounts()).toEqual([{ epoch: 1, stream: 'audit', count: 1 }])
    expect(log.size).toBe(4)
    expect(words().at(-1)).toBe('egress.refused')
  })

  it('leaves an entry when envelopes are sealed for the way out, acknowledged, and turned away', async () => {
    const outbox = new OutboxWriter({ exchangeFolder: exchange, device: DEVICE })
    await outbox.start()
    held.records.transaction(() => door.seal(LABEL))
    await new Relay({ records: held.records, outbox, audit, logger: silentLogger }).pass()
    expect(words()).toEqual(['egress.sealed'])
    acknowledge({ watermarks: [mark(1, 'labels')] })
    expect(words().at(-1)).toBe('egress.acknowledged')
    held.records.transaction(() =>
      held.records.sync.addRejection({
        stream: 'features',
        kind: 'not-scored',
        reason: 'quota-envelopes',
        bytes: 100,
        studyId: null,
        at: clock.now(),
      }),
    )
    for (const _ of [1, 2]) reportRejections(held.records, audit)
    expect(words().filter((word) => word === 'egress.rejected')).toHaveLength(1)
  })

  it('leaves an entry when an epoch closes and when the next one opens', () => {
    record(1)
    const roller = new EpochRoller({
      records: held.records,
      epochHours: () => 1,
      audit,
      clock,
      logger: silentLogger,
    })
    expect(roller.pass()).toBeUndefined()
    clock.advance(3_600_000)
    expect(roller.pass()).toBe(2)
    expect(words().slice(-2)).toEqual(['epoch.closed', 'epoch.opened'])
  })

  it('signs a checkpoint after 15 seconds or 256 leaves, and not for nothing', () => {
    expect(checkpoints.pass()).toBe(false)
    record(1)
    expect(checkpoints.pass()).toBe(true)
    record(10)
    expect(checkpoints.pass()).toBe(false)
    clock.advance(15_000)
    expect(checkpoints.pass()).toBe(true)
    expect(checkpoints.pass()).toBe(false)
    record(256)
    expect(checkpoints.pass()).toBe(true)
    expect(checkpoints.sign()).toBe(checkpoints.sign())
  })

  it('keeps a cosigned checkpoint of this log only', () => {
    record(4)
    const note = checkpoints.sign()
    const witness = createCosigner('leadglass/hub/witness', generateKeyPairSync('ed25519').privateKey, 1_800_000_000)
    const checkpoint = readCheckpoint(note)
    if (checkpoint === undefined) throw new Error('no checkpoint')
    acknowledge({ cosigned: signCheckpoint({ ...checkpoint, root: new Uint8Array(32) }, [witness]) })
    expect(held.records.egress.newestCosignedCheckpoint()).toBeUndefined()
    acknowledge({ cosigned: signCheckpoint({ ...checkpoint, origin: 'leadglass/other/audit' }, [witness]) })
    expect(held.records.egress.newestCosignedCheckpoint()).toBeUndefined()
    acknowledge({ cosigned: signCheckpoint(checkpoint, [witness]) })
    expect(held.records.egress.newestCosignedCheckpoint()?.treeSize).toBe(4)
  })

  it('counts from 1 again in a new epoch', () => {
    record(2)
    held.records.transaction(() => held.records.egress.openEpoch(clock.now(), 'restored'))
    expect(held.records.transaction(() => door.seal({ kind: 'audit-checkpoint', note: NOTE }))).toMatchObject({
      epoch: 2,
      sequence: 1,
    })
  })
})
