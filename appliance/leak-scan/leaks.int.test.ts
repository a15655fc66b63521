import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId, EnvelopeBody } from '@leadglass/sync-agent/contract'
import { ManualClock } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeLeaks } from '../compose-leaks.ts'
import { AuditTrail, EgressDoor, EgressHold } from '../egress/index.ts'
import { SELECT_OPEN_OF_STUDY } from '../records/leak-records.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { GuardedOutput } from './guarded-output.ts'

const INSERT_STUDY = `
INSERT INTO study (study_id, study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name,
  patient_birth_date, patient_sex, accession_number, study_date, study_time, study_description, modalities,
  current_revision, state, instance_count, first_received_at, last_received_at)
VALUES (?, ?, ?, ?, ?, ?, '19470317', 'M', ?, '20240229', '', '', 'DX', 1, 'queued', 1, 0, 0)`

describe('a name in an error message', () => {
  let held: ReturnType<typeof temporaryRecords>
  beforeEach(() => {
    held = temporaryRecords()
    const insert = held.records.database.prepare(INSERT_STUDY)
    const pseudonym = (digit: number): string => String(digit).repeat(32)
    insert.run(1, '1.2.826.0.1.3680043.9.1', pseudonym(1), 'patient-1', 'MRN-8841-27', 'Quixano^Alonso', 'ACC7788213')
    insert.run(2, '1.2.826.0.1.3680043.9.2', pseudonym(2), 'patient-2', 'MRN-9000-11', 'Carrasco^Sanson', 'ACC7788299')
  })
  afterEach(() => {
    held.dispose()
  })

  function room() {
    const { records } = held
    const clock = new ManualClock(Date.UTC(2026, 0, 5, 8))
    const origin = 'leadglass/test-box/audit'
    const hold = new EgressHold({ records, clock, isStopped: (studyId) => records.leaks.isOpen(studyId) })
    hold.follow(() => ({ hold: false, holdStreams: [] }))
    const door = new EgressDoor({ records, device: 'test-box' as DeviceId, clock, hold })
    const log = new AuditLog({ origin, store: new SqliteLogStore(records.database, origin), clock })
    const audit = new AuditTrail(log, door, records)
    const written: string[] = []
    const output = new GuardedOutput('appliance', (text) => written.push(text))
    const leaks = composeLeaks({ output, records, audit, clock })
    const events = (): string[] => {
      const store = new SqliteLogStore(records.database, origin)
      return Array.from({ length: log.size }, (_, at) => decodeEvent(store.leaf(at) ?? new Uint8Array())?.event ?? '')
    }
    return { records, door, clock, output, leaks, written, events }
  }

  it('is in no line; an alarm, an audit event and a stop of what leaves of that study follow', async () => {
    const { records, door, clock, output, leaks, written, events } = room()
    await leaks.service.start()
    const body = (study: number): EnvelopeBody =>
      ({
        kind: 'not-scored',
        study: records.studies.pseudonymOf(study),
        patient: `${'0'.repeat(32)}`,
        revision: 1,
        instance: 0,
        reason: 'no-model',
      }) as EnvelopeBody
    for (const attempt of [1, 2]) output.logger().error('intake.failed', { message: `bad QUIXANO ${attempt}` })
    await leaks.service.stop()

    expect(written.join('')).not.toMatch(/quixano/i)
    expect(records.leaks.open(10)).toEqual([
      {
        alarmId: 1,
        study: records.studies.pseudonymOf(1),
        place: 'log',
        hits: 2,
        firstAt: clock.now(),
        lastAt: clock.now(),
      },
    ])
    expect(records.leaks.openCount()).toBe(1)
    expect(events()).toEqual(['leak.suspected'])
    expect(records.leaks.isOpen(1)).toBe(true)
    expect(records.leaks.isOpen(2)).toBe(false)
    expect(holdOf(records, door, body(1), 1)).toBe('waits')
    expect(holdOf(records, door, body(2), 2)).toBe('sealed')
    records.transaction(() => expect(records.leaks.settle(1, 'operator', clock.now())).toMatchObject({ studyId: 1 }))
    expect(records.leaks.isOpen(1)).toBe(false)
    expect(records.leaks.settle(1, 'operator', clock.now())).toBeUndefined()
  })

  it('of a study that came while the process ran is seen as well', async () => {
    const { records, output, leaks, written } = room()
    await leaks.service.start()
    held.records.database
      .prepare(INSERT_STUDY)
      .run(3, '1.2.826.0.1.3680043.9.3', '3'.repeat(32), 'patient-3', 'MRN-7', 'Panza^Teresa', 'ACC1')
    leaks.onChanged(3)
    output.logger().warn('x.y', { message: 'Teresa' })
    await leaks.service.stop()
    expect(written.join('')).not.toContain('Teresa')
    expect(records.leaks.isOpen(3)).toBe(true)
  })

  it('the question at the door uses an index', () => {
    const plan = held.records.database.prepare(`EXPLAIN QUERY PLAN ${SELECT_OPEN_OF_STUDY}`).all(1) as {
      detail: string
    }[]
    expect(plan.map(({ detail }) => detail).join()).toContain('leak_alarm_open')
  })

  it.each(['exception', 'rejection'])('is not in what a process writes when it ends by an %s', (way) => {
    const child = join(import.meta.dirname, 'testing', 'crashing-process.ts')
    const { status, stderr, stdout } = spawnSync(process.execPath, [child, 'Quixano', way], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr + stdout).not.toMatch(/quixano/i)
    expect(stderr).toContain('a line of ours\n')
    expect(stderr).toContain('"of":"some.failure"')
    expect(stderr).toMatch(
      /"event":"process.crashed","code":"unknown","name":"(?:Range|Type)Error","at":"[^"]*crashing-process\.ts/,
    )
  })
})

function holdOf(
  records: ReturnType<typeof temporaryRecords>['records'],
  door: EgressDoor,
  body: EnvelopeBody,
  studyId: number,
): 'waits' | 'sealed' {
  return records.transaction(() => (door.seal(body, studyId) === undefined ? 'waits' : 'sealed'))
}
