import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId, EnvelopeBody, PatientPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import { ManualClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { deriveSiteKeys, pseudonymOfPatient, pseudonymOfPerson, pseudonymOfStudy } from '../deidentify/index.ts'
import { AuditTrail, EgressDoor } from '../egress/index.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { keysInForce, openGeneration, planRotation } from './generations.ts'

const ORIGIN = 'leadglass/test-box/audit'
const SECRET = new Uint8Array(32).fill(3)
const BY = { first: 'a'.repeat(32), second: 'b'.repeat(32), reason: 'a copy of the secret was found' }

describe('generations of pseudonym keys', () => {
  let held: ReturnType<typeof temporaryRecords>
  let folder: string
  let clock: ManualClock
  let log: AuditLog
  let door: EgressDoor
  let parts: Parameters<typeof openGeneration>[0]

  beforeEach(async () => {
    held = temporaryRecords()
    folder = await mkdtemp(join(tmpdir(), 'leadglass-generations-'))
    clock = new ManualClock(Date.UTC(2026, 0, 5))
    const { records } = held
    door = new EgressDoor({ records, device: 'test-box' as DeviceId, clock })
    log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
    const audit = new AuditTrail(log, door, records)
    const siteSecret = join(folder, 'site.secret')
    parts = { records, siteSecret, audit, clock, randomness: systemRandomness }
  })
  afterEach(async () => {
    held.dispose()
    await rm(folder, { recursive: true, force: true })
  })

  function study(uid: string, pseudonym: string): number {
    const inserted = held.records.database
      .prepare(
        `INSERT INTO study (study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name,
        patient_birth_date, patient_sex, accession_number, study_date, study_time, study_description, modalities,
        current_revision, state, instance_count, first_received_at, last_received_at, patient_issuer)
        VALUES (?, ?, ?, 'P', '', '', '', '', '', '', '', '', 0, 'receiving', 0, 0, 0, '')`,
      )
      .run(uid, pseudonym, 'd'.repeat(32))
    return Number(inserted.lastInsertRowid)
  }

  const notScored = (study: string): EnvelopeBody => ({
    kind: 'not-scored',
    study: study as StudyPseudonym,
    patient: 'd'.repeat(32) as PatientPseudonym,
    revision: 1,
    instance: 0,
    reason: 'no-fit',
  })
  const seal = (name: string, studyId: number) => held.records.transaction(() => door.seal(notScored(name), studyId))

  it('comes into force with the next start, changes every pseudonym of patients and studies, and of no person', async () => {
    const before = await keysInForce(parts, SECRET)
    expect(pseudonymOfStudy(before, '1.2')).toBe(pseudonymOfStudy(deriveSiteKeys(SECRET), '1.2'))
    expect(planRotation(held.records)).toEqual({ inForce: 1, next: 2, studies: 0, patientHolds: 0 })
    expect(await openGeneration(parts, BY)).toBe(2)
    expect(held.records.vault.generation()).toBe(1)
    await expect(openGeneration(parts, BY)).rejects.toMatchObject({ code: 'generation-waiting' })
    const after = await keysInForce(parts, SECRET)
    expect(held.records.vault.generation()).toBe(2)
    const patient = { issuer: '', id: 'P' }
    expect(pseudonymOfPatient(after, patient)).not.toBe(pseudonymOfPatient(before, patient))
    expect(pseudonymOfPerson(after, 'reader')).toBe(pseudonymOfPerson(before, 'reader'))
    const again = await keysInForce(parts, SECRET)
    expect(pseudonymOfPatient(again, patient)).toBe(pseudonymOfPatient(after, patient))
    expect((await stat(join(folder, 'site.secret.2'))).mode & 0o777).toBe(0o600)
    const events = [...log.leaves()].map((leaf) => decodeEvent(leaf))
    expect(events.map((event) => event?.event)).toEqual(['pseudonyms.rotated', 'pseudonyms.rotated'])
    expect(events.map((event) => event?.codes)).toEqual([
      ['opened', 'generation-2', `with-${BY.second}`],
      ['in-force', 'generation-2'],
    ])
  })

  it('lets nothing more leave about studies of the generation before, and names the generation of the others', async () => {
    const [old, young] = ['1'.repeat(32), '2'.repeat(32)]
    const first = study('1.2.1', old)
    expect(seal(old, first)).toMatchObject({ stream: 'features', sequence: 1 })
    await openGeneration(parts, BY)
    await keysInForce(parts, SECRET)
    const second = study('1.2.2', young)
    expect(seal(old, first)).toBeUndefined()
    expect(seal(young, second)).toMatchObject({ stream: 'features', sequence: 2 })
    expect(held.records.heldEgress.withheld(first)).toEqual({ 'not-scored': 1 })
    const bodies = held.records.egress
      .envelopesAfter(1, 'features', 0, 10)
      .map((row) => (JSON.parse(row.content) as { body: Record<string, unknown> }).body)
    expect(bodies.map((body) => body.generation)).toEqual([undefined, 2])
  })

  it('is refused while legal holds name patients by their pseudonyms', async () => {
    held.records.database
      .prepare(
        "INSERT INTO legal_hold (patient_pseudonym, reason, placed_by, placed_at) VALUES (?, 'claim', 'operator', 0)",
      )
      .run('d'.repeat(32))
    await expect(openGeneration(parts, BY)).rejects.toMatchObject({ code: 'patient-holds' })
    expect(await readdir(folder)).toEqual([])
  })

  it('does not start under other keys when the secret of the generation is missing', async () => {
    await openGeneration(parts, BY)
    await rm(join(folder, 'site.secret.2'))
    await expect(keysInForce(parts, SECRET)).rejects.toThrow()
    expect(held.records.vault.generation()).toBe(1)
  })
})
