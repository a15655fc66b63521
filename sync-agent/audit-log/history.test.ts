import { describe, expect, it } from 'vitest'
import type { AuditEvent, RecordedAuditEvent } from './event.ts'
import { decodeEvent, encodeEvent } from './event.ts'
import { examineHistory } from './history.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const at = (minutes: number, event: AuditEvent['event'] = 'study.scored'): RecordedAuditEvent => {
  const input = { event, actor: { kind: 'system', id: 'process' }, subject: null, outcome: 'success' } as const
  const read = decodeEvent(encodeEvent(input, NOON + minutes * 60_000))
  if (read === undefined) throw new Error('an event')
  return read
}

describe('the history in a log', () => {
  it('is in order when times rise, or fall by the step of a clock', () => {
    expect(
      examineHistory([
        at(0, 'process.started'),
        at(1),
        at(0),
        at(5),
        at(6, 'process.stopped'),
        at(9, 'process.started'),
      ]),
    ).toEqual([])
  })

  it('shows a back-dated entry', () => {
    expect(examineHistory([at(0), at(60), at(30), at(61)])).toEqual([{ index: 2, code: 'time-went-back' }])
  })

  it('takes a recorded leap of the clock for what it is', () => {
    expect(examineHistory([at(60), at(0, 'clock.jumped'), at(1)])).toEqual([])
  })

  it('shows an entry that claims to be later than the witness saw it', () => {
    const witnessed = [{ size: 2, at: NOON / 1000 + 60 }]
    expect(examineHistory([at(0), at(90)], witnessed)).toEqual([{ index: 1, code: 'later-than-witnessed' }])
    expect(examineHistory([at(0), at(1), at(90)], witnessed)).toEqual([])
  })

  it('shows a start without the stop before it: a kill, or recording switched off', () => {
    expect(examineHistory([at(0, 'process.started'), at(1), at(2, 'process.started')])).toEqual([
      { index: 2, code: 'stop-not-recorded' },
    ])
  })

  it('passes over entries that cannot be read, and keeps their places', () => {
    expect(examineHistory([at(60), undefined, at(0)])).toEqual([{ index: 2, code: 'time-went-back' }])
  })
})
