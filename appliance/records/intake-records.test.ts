import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryRecords } from '../testing/memory-records.ts'
import type { Arrival, Registration } from './intake-records.ts'

const STUDY = {
  studyInstanceUid: '1.2.3',
  studyPseudonym: 'a'.repeat(32),
  patientPseudonym: 'b'.repeat(32),
  patientId: 'P1',
  patientName: '',
  patientBirthDate: '',
  patientSex: '',
  accessionNumber: '',
  studyDate: '',
  studyTime: '',
  studyDescription: '',
}

function arrival(uid: string, digest: string, change: Partial<Arrival> = {}): Arrival {
  return {
    sopInstanceUid: uid,
    digest: digest.padEnd(64, '0'),
    sopClassUid: '1.2',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    bytes: 10,
    callingAeTitle: 'X',
    remoteAddress: '127.0.0.1',
    associationId: 'a',
    receivedAt: 1000,
    header: { kind: 'read', study: STUDY, seriesInstanceUid: '1.2.3.4', modality: 'DX', urgent: false },
    ...change,
  }
}

describe('registering arrivals', () => {
  let held: ReturnType<typeof temporaryRecords>
  beforeEach(() => {
    held = temporaryRecords()
  })
  afterEach(() => {
    held.dispose()
  })
  const register = (one: Arrival): Registration => held.records.transaction(() => held.records.intake.register(one))

  it('is idempotent for the same instance and content', () => {
    expect(register(arrival('1.1', 'a'))).toMatchObject({ kind: 'added', opened: true, revision: 1 })
    expect(register(arrival('1.1', 'a'))).toEqual({ kind: 'duplicate' })
    expect(held.records.studies.totals().instances).toBe(1)
  })

  it('keeps other content under a known UID apart', () => {
    register(arrival('1.1', 'a'))
    expect(register(arrival('1.1', 'b'))).toEqual({ kind: 'quarantined', reason: 'sop-instance-conflict' })
    expect(held.records.intake.holdsDigest('b'.padEnd(64, '0'))).toBe(true)
    expect(held.records.studies.quarantine(10)).toHaveLength(1)
  })

  it('quarantines an instance of another patient under the same study', () => {
    register(arrival('1.1', 'a'))
    const other = arrival('1.2', 'b', {
      header: {
        kind: 'read',
        study: { ...STUDY, patientId: 'P2' },
        seriesInstanceUid: '1',
        modality: 'DX',
        urgent: false,
      },
    })
    expect(register(other)).toEqual({ kind: 'quarantined', reason: 'patient-mismatch' })
  })

  it('opens a revision that supersedes the complete one for a late instance', () => {
    const first = register(arrival('1.1', 'a'))
    if (first.kind !== 'added') throw new Error('not added')
    held.records.revisions.complete(first.revisionId, 'quiet-timer', 2000)
    expect(held.records.studies.find(STUDY.studyPseudonym)?.state).toBe('queued')
    const late = register(arrival('1.2', 'b', { receivedAt: 3000 }))
    expect(late).toMatchObject({ kind: 'added', opened: true, revision: 2 })
    if (late.kind !== 'added') throw new Error('not added')
    expect(held.records.revisions.instances(late.revisionId).map((one) => one.sopInstanceUid)).toEqual(['1.1', '1.2'])
    expect(held.records.revisions.isSuperseded(first.revisionId)).toBe(true)
    expect(held.records.studies.find(STUDY.studyPseudonym)).toMatchObject({ state: 'receiving', revision: 2 })
    expect(held.records.transaction(() => held.records.revisions.claim(first.revisionId, 4000))).toBeUndefined()
  })

  it('has the highest lane at its head, and in a lane the longest waiting', () => {
    const completed = ['5.1', '5.2', '5.3'].map((uid, index) => {
      const study = { ...STUDY, studyInstanceUid: uid, studyPseudonym: String(index).repeat(32) }
      const one = register(
        arrival(`1.${index}`, String(index), {
          header: { kind: 'read', study, seriesInstanceUid: '1', modality: 'CT', urgent: index === 2 },
        }),
      )
      if (one.kind !== 'added') throw new Error('not added')
      held.records.revisions.complete(one.revisionId, 'cap', 2000 + index)
      const row = { ruleVersion: null, rule: null, decision: '{}', decidedAt: 2500 }
      held.records.transaction(() => held.records.rules.route(one.revisionId, row, index === 2 ? 0 : 2))
      return one.revisionId
    })
    const claimed = [1, 2, 3].map(() => {
      const [head] = held.records.rules.heads()
      return held.records.transaction(() => held.records.revisions.claim(head?.revisionId ?? 0, 5000))?.revisionId
    })
    expect(claimed).toEqual([completed[2], completed[0], completed[1]])
    expect(held.records.revisions.requeueRunning(6000)).toBe(3)
  })

  it('is encrypted, and refuses another key', async () => {
    const { readFileSync } = await import('node:fs')
    const { openRecords } = await import('./records.ts')
    expect(readFileSync(held.path).subarray(0, 15).toString('latin1')).not.toBe('SQLite format 3')
    expect(() => openRecords(held.path, new Uint8Array(32).fill(8))).toThrow(/not a database|encrypted/)
  })
})
