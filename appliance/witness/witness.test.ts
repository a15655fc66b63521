import type { HubLogState } from '@leadglass/sync-agent/exchange'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditSink } from '../egress/index.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { HubLogWatch, RecordingWatch, SEALED_ACTS } from './index.ts'

describe('what the appliance watches of the logs', () => {
  let held: ReturnType<typeof temporaryRecords>
  let events: string[]
  const audit: AuditSink = {
    record: (event) => void events.push([event.event, ...(event.codes ?? [])].join(' ')),
    recordNow: (event) => void events.push([event.event, ...(event.codes ?? [])].join(' ')),
  }
  beforeEach(() => {
    held = temporaryRecords()
    events = []
  })
  afterEach(() => held.dispose())

  it('finds recording switched off: labels are sealed and no entry is added', () => {
    const clock = new ManualClock(1_000_000)
    const log = { size: 5 }
    const { database } = held.records
    const watch = new RecordingWatch({ database, log, audit, clock, logger: silentLogger })
    const seal = (sequence: number): void => {
      database
        .prepare(
          `INSERT INTO envelope (epoch, stream, sequence, kind, content, sealed_at) VALUES (1, ?, ?, 'x', '', ?)`,
        )
        .run(sequence === 3 ? 'health' : 'labels', sequence, clock.now())
    }
    const after = (act: () => void): boolean => {
      clock.advance(30_000)
      act()
      clock.advance(30_000)
      return watch.look()
    }
    expect(watch.look()).toBe(false)
    expect(after(() => undefined)).toBe(false)
    expect(
      after(() => {
        seal(1)
        log.size += 1
      }),
    ).toBe(false)
    expect(after(() => seal(3))).toBe(false)
    expect(events).toEqual([])
    expect(after(() => seal(2))).toBe(true)
    expect(events).toEqual(['log.inconsistent audit-recording-off acts-1'])
  })

  it('counts acts over an index', () => {
    const plan = held.records.database.prepare(`EXPLAIN QUERY PLAN ${SEALED_ACTS}`).all(0) as { detail: string }[]
    expect(plan.map((row) => row.detail).join()).toMatch(/SEARCH envelope USING (?:COVERING )?INDEX envelope_by_time/)
  })

  it('records once what the agent found wrong with the hub’s log', async () => {
    let state: HubLogState['state'] = 'cosigned'
    const file = {
      read: async () => ({
        kind: 'value' as const,
        value: { schema: 'leadglass.hub-log/1' as const, state, size: 9, at: '2026-03-01T12:00:00.000Z' },
      }),
    }
    const watch = new HubLogWatch({
      file,
      audit,
      acknowledged: () => 0,
      clock: new ManualClock(0),
      logger: silentLogger,
    })
    await watch.look()
    expect(events).toEqual([])
    state = 'diverged'
    await watch.look()
    await watch.look()
    expect(events).toEqual(['log.inconsistent diverged'])
    expect(watch.state).toMatchObject({ state: 'diverged', size: 9 })
  })

  it('finds recording switched off at the hub: it acknowledges what is sent, and its log stands still', async () => {
    const clock = new ManualClock(Date.parse('2026-03-01T12:00:00Z'))
    const hub = { size: 9, acknowledged: 100 }
    const file = {
      read: async () => ({
        kind: 'value' as const,
        value: {
          schema: 'leadglass.hub-log/1' as const,
          state: 'cosigned' as const,
          size: hub.size,
          at: new Date(clock.now()).toISOString(),
        },
      }),
    }
    const acknowledged = (): number => hub.acknowledged
    const watch = new HubLogWatch({ file, audit, acknowledged, clock, logger: silentLogger })
    const after = async (ms: number): Promise<number> => {
      clock.advance(ms)
      await watch.look()
      return events.length
    }
    expect(await after(0)).toBe(0)
    // Nothing is sent: a log that stands still says nothing.
    expect(await after(3_600_000)).toBe(0)
    hub.acknowledged += 5
    expect([await after(1000), await after(200_000)]).toEqual([0, 0])
    hub.size += 1
    expect([await after(60_000), await after(3_600_000)]).toEqual([0, 0])
    hub.acknowledged += 5
    expect([await after(1000), await after(290_000), await after(20_000), await after(60_000)]).toEqual([0, 0, 1, 1])
    expect(events).toEqual(['log.inconsistent hub-recording-off'])
  })
})
