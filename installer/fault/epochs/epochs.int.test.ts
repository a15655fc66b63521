import { type DeviceHealth, type DriftCounts, sealEnvelope } from '@leadglass/sync-agent/contract'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { syncSettings } from '../../../appliance/settings-sync.ts'
import { EpochBook, epochRoots } from '../../../cloud-hub/ingest/index.ts'
import { type Delivery, TwoSides } from './two-sides.ts'

const HOUR = 3_600_000
const MODEL = { name: 'chest-radiograph', version: '1.0.0', digest: 'ab'.repeat(32) }

function drift(bin: number): DriftCounts {
  return {
    kind: 'drift-counts',
    model: MODEL,
    feature: 'score.pneumonia',
    month: '2020-03',
    cells: [{ bin, count: 11 }],
  }
}

function health(uptime: number): DeviceHealth {
  return { kind: 'device-health', softwareVersion: '0.1.0', models: [], figures: { 'process.uptime-seconds': uptime } }
}

describe('epochs on both sides', () => {
  let sides: TwoSides

  beforeEach(async () => {
    sides = await TwoSides.make()
  })
  afterEach(() => sides.dispose())

  const statement = (epoch: number) => sides.records.sync.newestStatement(epoch)
  const first = (epoch: number) => sides.records.sync.statement(statement(epoch)?.run ?? 0)
  const named = (epoch: number): unknown => JSON.parse(statement(epoch)?.differences ?? '[]')
  const compared = (epoch: number) =>
    new EpochBook(sides.hub.database, sides.clock).compared().find((one) => one.epoch === epoch)
  const rowOf = (stream: string, sequence: number): number =>
    (
      sides.hub.database
        .prepare('SELECT id FROM envelope_inbox WHERE epoch = 1 AND stream = ? AND sequence = ?')
        .get(stream, sequence) as { readonly id: number }
    ).id

  /** Fills epoch 1 and brings it to the hub. */
  async function fill(): Promise<void> {
    sides.log(20)
    sides.seal(...Array.from({ length: 37 }, (_, bin) => drift(bin)), ...Array.from({ length: 9 }, (_, i) => health(i)))
    await sides.settle(2)
  }

  /** Ends epoch 1 and lets both sides say everything. */
  async function close(): Promise<void> {
    sides.clock.advance(25 * HOUR)
    await sides.settle()
  }

  it('end by the clock, are stated when the hub has all of them, and are equal on both sides', async () => {
    await fill()
    expect(statement(1)).toBeUndefined()
    await close()
    expect(sides.records.sync.epochs(2).map(({ epoch, reason }) => [epoch, reason])).toEqual([
      [2, 'scheduled'],
      [1, 'first-start'],
    ])
    expect(statement(1)).toMatchObject({ verdict: 'equal', closed: 1, run: 1, serial: 1 })
    expect(compared(1)).toMatchObject({ equal: true, closed: true, differences: [] })
    expect(first(1)?.root).toBe(compared(1)?.hubRoot)
    const own = epochRoots(sides.hub.database).roots.find((one) => one.epoch === 1)
    expect(own).toMatchObject({ root: first(1)?.root, envelopes: first(1)?.envelopes })
  })

  it('can be asked about while they are open, as far as the hub has acknowledged them', async () => {
    await fill()
    sides.seal(drift(99))
    expect(sides.prover.request(1)).toBe(1)
    expect(sides.prover.request(1)).toBe(1)
    expect(sides.prover.request(2)).toBeUndefined()
    await sides.settle(2)
    expect(statement(1)).toMatchObject({ verdict: 'equal', closed: 0 })
    // 20 leaves, 37 counts and 9 of health, and leaves about their way; what was sealed since then is not among them.
    expect(statement(1)?.envelopes).toBeGreaterThanOrEqual(66)
    expect(JSON.parse(statement(1)?.ranges ?? '[]')).toContainEqual(
      expect.objectContaining({ stream: 'drift', to: 37 }),
    )
  })

  it.each([
    ['an effect that was deleted', () => `DELETE FROM drift_cells WHERE envelope = ${rowOf('drift', 23)}`],
    ['an effect that was changed', () => `UPDATE drift_cells SET count = 12 WHERE envelope = ${rowOf('drift', 23)}`],
    [
      'an effect that is there twice',
      () => `INSERT INTO device_health VALUES (${rowOf('drift', 23)}, '0.1.0', '[]', '{}')`,
    ],
    [
      'an envelope that vanished from the inbox',
      () =>
        `DELETE FROM drift_cells WHERE envelope = ${rowOf('drift', 23)};
         DELETE FROM drift_counts WHERE envelope = ${rowOf('drift', 23)};
         DELETE FROM envelope_inbox WHERE id = ${rowOf('drift', 23)}`,
    ],
  ])('name %s at the hub', async (_name, sql) => {
    await fill()
    sides.hub.database.exec(sql())
    await close()
    expect(statement(1)?.verdict).toBe('unequal')
    expect(named(1)).toEqual([{ stream: 'drift', from: 23, to: 23 }])
    expect(compared(1)).toMatchObject({ equal: false, differences: [{ stream: 'drift', from: 23, to: 23 }] })
    const alarm = sides.hub.database.prepare("SELECT occurrences FROM ingest_alarm WHERE code = 'epoch-unequal'").get()
    expect(alarm).toHaveProperty('occurrences')
    const events = sides.records.database
      .prepare("SELECT count(*) AS n FROM audit_leaf WHERE CAST(leaf AS TEXT) LIKE '%drift-23-23%'")
      .get() as { readonly n: number }
    expect(events.n).toBe(1)
  })

  it('name what the hub has beyond the end of an epoch', async () => {
    await fill()
    const insert = `INSERT INTO envelope_inbox (device, epoch, stream, sequence, kind, digest, received_at)
      SELECT device, epoch, stream, 10, kind, digest, received_at FROM envelope_inbox WHERE id = ?`
    sides.hub.database.prepare(insert).run(rowOf('health', 9))
    await close()
    expect(named(1)).toEqual([{ stream: 'health', from: 10, to: 10 }])
  })

  it('find an effect of no envelope', async () => {
    await fill()
    sides.hub.database.pragma('foreign_keys = OFF')
    sides.hub.database.exec("INSERT INTO device_health VALUES (99999, '0.1.0', '[]', '{}')")
    expect(new EpochBook(sides.hub.database, sides.clock).orphans()).toEqual([{ effects: 'device_health', count: 1 }])
  })

  it.each([
    [
      'altered',
      "UPDATE envelope SET content = replace(content, '\"count\":11', '\"count\":99') WHERE stream = 'drift' AND sequence = 5",
    ],
    ['removed', "DELETE FROM envelope WHERE stream = 'drift' AND sequence = 5"],
  ])('name a sealed envelope that was %s at the edge', async (_name, sql) => {
    await fill()
    sides.records.database.exec(sql)
    await close()
    expect(statement(1)?.verdict).toBe('unequal')
    expect(named(1)).toEqual([{ stream: 'drift', from: 5, to: 5 }])
  })

  it('still have their root when old health envelopes were pruned', async () => {
    await fill()
    sides.records.transaction(() => sides.records.egress.pruneHealth(sides.clock.now() + 1))
    await close()
    expect(statement(1)).toMatchObject({ verdict: 'equal' })
  })

  it('take nothing after their end', async () => {
    await fill()
    await close()
    const end = sides.hub.database
      .prepare('SELECT last_sequence AS last FROM epoch_closing WHERE stream = ?')
      .get('health')
    expect(end).toEqual({ last: 9 })
    const envelope = sealEnvelope({ device: sides.device, epoch: 1, sequence: 10 }, health(10))
    const [result] = sides
      .freshInbox()
      .commit([{ device: sides.device, batch: crypto.randomUUID(), envelopes: [envelope], refused: [], unreadable: 0 }])
    expect(result).toMatchObject({ acknowledgement: { refused: [{ sequence: 10, code: 'closed-epoch' }] } })
  })

  it('begin anew when the hub has more than this database ever sealed', async () => {
    await fill()
    sides.records.database.exec("UPDATE egress_counter SET last_sequence = 4 WHERE stream = 'drift'")
    sides.take()
    expect(sides.records.sync.epochs(1)).toMatchObject([{ epoch: 2, reason: 'hub-ahead' }])
    sides.take()
    expect(sides.records.sync.epochs(1)).toMatchObject([{ epoch: 2 }])
  })

  it('are not stated under another key than the one pinned for the device', async () => {
    await fill()
    const root = '0'.repeat(64)
    const signature = Buffer.alloc(68).toString('base64')
    const forged = { epoch: 1, serial: 9, run: 9, closed: true, envelopes: 0, root, ranges: [], signature }
    sides.seal({ kind: 'epoch-root', ...forged })
    await sides.settle(2)
    expect(compared(1)).toBeUndefined()
    const refused = sides.records.database
      .prepare("SELECT code FROM egress_refusal WHERE code = 'audit-inconsistent'")
      .get()
    expect(refused).toEqual({ code: 'audit-inconsistent' })
  })
})

describe('epochs under faults', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('seal' as const), count: fc.integer({ min: 1, max: 6 }) }),
    fc.record({
      kind: fc.constant('carry' as const),
      delivery: fc.constantFrom<Delivery>('deliver', 'lose', 'lose-answer', 'twice'),
    }),
    fc.record({ kind: fc.constantFrom('roll' as const, 'kill' as const, 'pass' as const, 'ask' as const) }),
  )

  it('lose nothing, double nothing and end equal, whatever is lost, doubled or killed between the steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const sides = await TwoSides.make()
        try {
          let uptime = 0
          for (const one of steps) {
            if (one.kind === 'seal') {
              for (let i = 0; i < one.count; i += 1, uptime += 1) sides.seal(drift(uptime), health(uptime))
              sides.log(1)
            } else if (one.kind === 'carry') await sides.carry(one.delivery)
            else if (one.kind === 'roll') {
              sides.clock.advance(25 * HOUR)
              await sides.errands.pass()
            } else if (one.kind === 'kill') sides.restartEdge()
            else if (one.kind === 'ask') sides.prover.request(sides.records.sync.epochs(1)[0]?.epoch ?? 1)
            else await sides.pass()
          }
          sides.clock.advance(25 * HOUR)
          await sides.settle()
          const epochs = sides.records.sync.epochs(100)
          const closed = epochs.slice(1)
          for (const { epoch } of closed) {
            expect(sides.records.sync.newestStatement(epoch)).toMatchObject({ verdict: 'equal' })
          }
          const count = (database: { prepare(sql: string): { get(): unknown } }, sql: string) =>
            database.prepare(sql).get()
          const sql = 'SELECT count(*) AS n, count(DISTINCT epoch || stream || sequence) AS d FROM'
          const here = count(sides.records.database, `${sql} envelope`)
          expect(count(sides.hub.database, `${sql} envelope_inbox`)).toEqual(here)
          expect(epochRoots(sides.hub.database).damaged).toEqual([])
        } finally {
          await sides.dispose()
        }
      }),
      { numRuns: 15 },
    )
  }, 180_000)
})

describe('quotas', () => {
  let sides: TwoSides

  beforeEach(async () => {
    sides = await TwoSides.make()
    sides.settings = syncSettings.parse({ quotas: { health: { envelopes: 5, bytes: 1_000_000 } } })
  })
  afterEach(() => sides.dispose())

  it('turn away and count what is new of a full class, never audit or labels, and take it again when there is room', async () => {
    sides.seal(...Array.from({ length: 8 }, (_, i) => health(i)))
    expect(sides.records.sync.unsent('health').envelopes).toBe(5)
    expect(sides.records.sync.rejections()).toMatchObject([
      { stream: 'health', kind: 'device-health', reason: 'quota-envelopes', bodies: 3, reported: 0 },
    ])
    sides.log(20)
    expect(sides.records.sync.unsent('audit').envelopes).toBe(20)
    await sides.settle(2)
    expect(sides.records.sync.unsent('health')).toEqual({ envelopes: 0, bytes: 0 })
    expect(sides.records.sync.rejections()).toMatchObject([{ bodies: 3, reported: 3 }])
    sides.seal(health(9))
    expect(sides.records.sync.unsent('health').envelopes).toBe(1)
    await sides.settle(1)
    const events = sides.records.database
      .prepare("SELECT count(*) AS n FROM audit_leaf WHERE CAST(leaf AS TEXT) LIKE '%egress.rejected%'")
      .get()
    expect(events).toEqual({ n: 1 })
  })

  it('count bytes too, and give them back when the hub turns out not to have them', () => {
    sides.settings = syncSettings.parse({ quotas: { health: { envelopes: 1000, bytes: 1 } } })
    sides.seal(health(1), health(2))
    expect(sides.records.sync.rejections()).toMatchObject([{ reason: 'quota-bytes', bodies: 1 }])
    const { bytes } = sides.records.sync.unsent('health')
    expect(bytes).toBeGreaterThan(100)
    sides.records.transaction(() => sides.records.egress.markAcknowledged(1, 'health', 1, 0))
    expect(sides.records.sync.unsent('health').bytes).toBe(0)
    sides.records.transaction(() => sides.records.egress.rewind(1, 'health', 0))
    expect(sides.records.sync.unsent('health').bytes).toBe(bytes)
  })
})
