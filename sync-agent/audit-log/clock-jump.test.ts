import { describe, expect, it } from 'vitest'
import { ManualClock } from '../foundation/index.ts'
import { AuditLog } from './audit-log.ts'
import { type AuditEventInput, decodeEvent, encodeEvent } from './event.ts'
import { examineHistory } from './history.ts'
import { type LogStore, MemoryLogStore } from './log-store.ts'

const ORIGIN = 'leadglass/box-1/audit'
const NOON = Date.parse('2026-03-01T12:00:00Z')
const HOUR_MS = 3_600_000
const EVENT: AuditEventInput = {
  event: 'study.scored',
  actor: { kind: 'system', id: 'scoring' },
  subject: null,
  outcome: 'success',
}

function box(store = new MemoryLogStore(), at = NOON) {
  const [clock, monotonic] = [new ManualClock(at), new ManualClock(5)]
  const log = new AuditLog({ origin: ORIGIN, store, clock, monotonic })
  const pass = (ms: number): void => {
    clock.advance(ms)
    monotonic.advance(ms)
  }
  const events = () => [...log.leaves()].map((leaf) => decodeEvent(leaf))
  const words = () => events().map((event) => [event?.event, ...(event?.codes ?? [])].join(' '))
  return { store, clock, log, pass, events, words }
}

describe('a clock that leaps', () => {
  it('is in the log before what is stamped after it, backwards and forwards, and is no back-dating then', () => {
    const { log, clock, pass, words, events } = box()
    log.append(EVENT)
    pass(HOUR_MS)
    log.append(EVENT)
    clock.advance(-2 * HOUR_MS)
    log.append(EVENT)
    pass(1000)
    clock.advance(HOUR_MS)
    log.append(EVENT)
    expect(words()).toEqual([
      'study.scored',
      'study.scored',
      'clock.jumped backwards seconds-7200',
      'study.scored',
      'clock.jumped forwards seconds-3600',
      'study.scored',
    ])
    expect(examineHistory(events())).toEqual([])
  })

  it('is not what a correction of seconds is, nor a night without an entry', () => {
    const { log, clock, pass, words } = box()
    log.append(EVENT)
    clock.advance(-90_000)
    log.append(EVENT)
    pass(12 * HOUR_MS)
    log.append(EVENT)
    expect(words()).toEqual(['study.scored', 'study.scored', 'study.scored'])
  })

  it('is found at a start: the last entry lies in the future', () => {
    const before = box()
    before.log.append(EVENT)
    const later = box(before.store, NOON + 9 * HOUR_MS)
    later.log.append(EVENT)
    const earlier = box(before.store, NOON + HOUR_MS)
    earlier.log.append(EVENT)
    expect(earlier.words()).toEqual([
      'study.scored',
      'study.scored',
      'clock.jumped backwards seconds-28800',
      'study.scored',
    ])
  })

  it('is recorded with the next entry when the transaction that found it was taken back', () => {
    const { store, clock, log } = box()
    log.append(EVENT)
    // What it appends is taken back each time, as by a rollback.
    let appended = 0
    const forgetting: LogStore = {
      size: () => store.size(),
      leaf: (index) => store.leaf(index),
      leaves: (from, to) => store.leaves(from, to),
      subtree: store.subtree,
      append: () => {
        appended += 1
      },
    }
    const view = new AuditLog({ origin: ORIGIN, store: forgetting, clock, monotonic: new ManualClock(5) })
    view.append(EVENT)
    expect(appended).toBe(1)
    clock.advance(-HOUR_MS)
    view.append(EVENT)
    expect(appended).toBe(3)
    view.append(EVENT)
    expect(appended).toBe(5)
  })

  it('is not seen by a log that was given no other clock, and an entry dated back shows', () => {
    const clock = new ManualClock(NOON)
    const log = new AuditLog({ origin: ORIGIN, store: new MemoryLogStore(), clock })
    log.append(EVENT)
    log.appendLeaf(encodeEvent(EVENT, NOON - HOUR_MS))
    expect(examineHistory([...log.leaves()].map((leaf) => decodeEvent(leaf)))).toEqual([
      { index: 1, code: 'time-went-back' },
    ])
  })
})
