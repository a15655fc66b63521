import { AuditLog, decodeEvent, SqliteLogStore } from '@leadglass/sync-agent/audit-log'
import type { DeviceId } from '@leadglass/sync-agent/contract'
import { ManualClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditTrail, EgressDoor } from '../egress/index.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { VaultAnchors, verifyVault } from './anchors.ts'
import { CONFIRM_WITHIN_MS, VaultCeremony } from './ceremony.ts'
import { VaultError } from './errors.ts'
import { combineShares, shareOf } from './shares.ts'
import { Vault } from './vault.ts'

const ORIGIN = 'leadglass/test-box/audit'
const [ANN, BOB, CYD] = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)] as const
const PASSPHRASES: Readonly<Record<string, string>> = {
  [ANN]: 'first long passphrase',
  [BOB]: 'second long passphrase',
  [CYD]: 'third long passphrase',
}

const holder = (person: string) => ({ person, passphrase: PASSPHRASES[person] ?? '' })
const pair = (first: string, second: string) => ({
  first: holder(first),
  second: { person: second, passphrase: async () => PASSPHRASES[second] ?? '' },
})

describe('the vault', () => {
  let held: ReturnType<typeof temporaryRecords>
  let clock: ManualClock
  let log: AuditLog
  let audit: AuditTrail
  let door: EgressDoor
  let vault: Vault
  let ceremony: VaultCeremony

  beforeEach(() => {
    held = temporaryRecords()
    const { records } = held
    clock = new ManualClock(Date.UTC(2026, 0, 5))
    vault = new Vault({ records, clock, randomness: systemRandomness })
    door = new EgressDoor({
      records,
      device: 'test-box' as DeviceId,
      clock,
      onNamed: (studyId) => {
        vault.note(studyId)
      },
    })
    log = new AuditLog({ origin: ORIGIN, store: new SqliteLogStore(records.database, ORIGIN), clock })
    audit = new AuditTrail(log, door, records)
    ceremony = new VaultCeremony({ records, audit, clock, randomness: systemRandomness, cost: 1024 })
  })
  afterEach(() => {
    held.dispose()
  })

  const pseudonym = (digit: string, number: number): string => digit + String(number).padStart(31, '0')

  /** A study as the record has it. */
  function study(number: number, patient = 1): number {
    const { database } = held.records
    const inserted = database
      .prepare(
        `INSERT INTO study (study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name,
        patient_birth_date, patient_sex, accession_number, study_date, study_time, study_description, modalities,
        current_revision, state, instance_count, first_received_at, last_received_at, patient_issuer)
        VALUES (?, ?, ?, ?, '', '', '', '', '', '', '', '', 0, 'receiving', 0, 0, 0, 'SITE')`,
      )
      .run(`1.2.${number}`, pseudonym('5', number), pseudonym('d', patient), `P-${patient}`)
    return Number(inserted.lastInsertRowid)
  }

  function leave(studyId: number): void {
    audit.recordNow(
      { event: 'study.completed', actor: { kind: 'system', id: 'intake' }, subject: null, outcome: 'success' },
      studyId,
    )
  }

  const events = () => [...log.leaves()].map((leaf) => decodeEvent(leaf))
  const enrolAll = () => ceremony.enrol([holder(ANN), holder(BOB), holder(CYD)])

  it('enters a pseudonym in the transaction in which it first leaves, once, and takes it back with it', async () => {
    await enrolAll()
    const studyId = study(1)
    expect(() =>
      held.records.transaction(() => {
        audit.record(
          { event: 'study.completed', actor: { kind: 'system', id: 'intake' }, subject: null, outcome: 'success' },
          studyId,
        )
        throw new Error('the record failed')
      }),
    ).toThrow('the record failed')
    expect(held.records.vault.counts().entries).toBe(0)
    leave(studyId)
    leave(studyId)
    leave(study(2))
    expect(held.records.vault.counts()).toEqual({ entries: 3, erased: 0 })
  })

  it('opens for any two, and for nobody alone', async () => {
    await enrolAll()
    expect(events().filter((event) => event?.event === 'vault.enrolled')).not.toEqual([])
    leave(study(7))
    for (const two of [pair(ANN, BOB), pair(CYD, ANN), pair(BOB, CYD)]) {
      const opened = await ceremony.open(pseudonym('5', 7), 'incidental finding, ticket 4', two)
      expect(opened.content).toEqual({ kind: 'study', studyInstanceUid: '1.2.7', patient: pseudonym('d', 1) })
      expect(opened.patient).toEqual({ kind: 'patient', issuer: 'SITE', id: 'P-1', onlyStudy: null })
    }
    await expect(ceremony.open(pseudonym('5', 7), 'r', pair(ANN, ANN))).rejects.toMatchObject({ code: 'same-person' })
    const wrong = { ...pair(ANN, BOB), second: { person: BOB, passphrase: async () => 'something else entirely' } }
    await expect(ceremony.open(pseudonym('5', 7), 'r', wrong)).rejects.toMatchObject({ code: 'wrong-passphrase' })
    await expect(ceremony.open('0'.repeat(32), 'r', pair(ANN, BOB))).rejects.toMatchObject({
      code: 'pseudonym-unknown',
    })
  })

  it('does not wait for the second person longer than five minutes', async () => {
    await enrolAll()
    leave(study(1))
    const late = {
      first: holder(ANN),
      second: {
        person: BOB,
        passphrase: async () => {
          clock.advance(CONFIRM_WITHIN_MS + 1)
          return PASSPHRASES[BOB] ?? ''
        },
      },
    }
    await expect(ceremony.open(pseudonym('5', 1), 'r', late)).rejects.toMatchObject({ code: 'too-late' })
  })

  it('has who, with whom and which pseudonym in the audit log, and neither reason nor identity', async () => {
    await enrolAll()
    leave(study(9))
    await ceremony.open(pseudonym('5', 9), 'call back P-1 about DOE', pair(ANN, BOB))
    expect(events().at(-1)).toMatchObject({
      event: 'identity.opened',
      actor: { kind: 'person', id: ANN },
      subject: { kind: 'study', id: pseudonym('5', 9) },
      outcome: 'success',
      codes: ['opening-1', `with-${BOB}`],
    })
    await expect(ceremony.open(pseudonym('5', 9), 'r', pair(ANN, ANN))).rejects.toThrow(VaultError)
    expect(events().at(-1)).toMatchObject({ outcome: 'refused', codes: ['same-person'] })
    const text = Buffer.concat([...log.leaves()].map((leaf) => Buffer.from(leaf))).toString('utf8')
    for (const secret of ['P-1', '1.2.9', 'DOE', 'call back']) expect(text).not.toContain(secret)
    expect(held.records.vault.openings(5)).toMatchObject([{ firstPerson: ANN, reason: 'call back P-1 about DOE' }])
  })

  it('gives one more person a share, who then opens with any other', async () => {
    await ceremony.enrol([holder(ANN), holder(BOB)])
    leave(study(3))
    await expect(ceremony.open(pseudonym('5', 3), 'r', pair(ANN, CYD))).rejects.toMatchObject({
      code: 'person-unknown',
    })
    await ceremony.add(holder(CYD), pair(ANN, BOB))
    expect((await ceremony.open(pseudonym('5', 3), 'r', pair(CYD, BOB))).content.kind).toBe('study')
    await expect(ceremony.enrol([holder(ANN), holder(BOB)])).rejects.toMatchObject({ code: 'already-enrolled' })
  })

  it('asks for two different people and long passphrases', async () => {
    await expect(ceremony.enrol([holder(ANN)])).rejects.toMatchObject({ code: 'too-few-people' })
    await expect(ceremony.enrol([holder(ANN), holder(ANN)])).rejects.toMatchObject({ code: 'too-few-people' })
    const short = { person: BOB, passphrase: 'short' }
    await expect(ceremony.enrol([holder(ANN), short])).rejects.toMatchObject({ code: 'passphrase-too-short' })
    expect(held.records.vault.publicKey()).toBeUndefined()
  })

  it('makes up for what came before anybody was enrolled', async () => {
    for (let number = 1; number <= 5; number += 1) leave(study(number, number))
    expect(held.records.vault.counts().entries).toBe(0)
    await enrolAll()
    expect(vault.catchUp()).toBe(5)
    expect(held.records.vault.counts().entries).toBe(10)
    vault.catchUp()
    expect(held.records.vault.counts().entries).toBe(10)
  })

  it('cannot be read by anybody after the purge; a patient is readable until the last study is gone', async () => {
    await enrolAll()
    const [one, two] = [study(1), study(2)]
    leave(one)
    leave(two)
    const purge = (studyId: number): void => {
      held.records.transaction(() => {
        held.records.retention.erase({ studyId, instances: 0 }, 'test', 0, clock.now())
      })
    }
    purge(one)
    await expect(ceremony.open(pseudonym('5', 1), 'r', pair(ANN, BOB))).rejects.toMatchObject({ code: 'entry-erased' })
    expect((await ceremony.open(pseudonym('d', 1), 'r', pair(ANN, BOB))).content).toMatchObject({ id: 'P-1' })
    purge(two)
    await expect(ceremony.open(pseudonym('d', 1), 'r', pair(ANN, BOB))).rejects.toMatchObject({ code: 'entry-erased' })
    expect(verifyVault(held.records, log)).toMatchObject({ kind: 'sound', entries: 3 })
    leave(one)
    expect(held.records.vault.counts()).toEqual({ entries: 3, erased: 3 })
  })

  it('shows an entry that was changed, put in or cut off', async () => {
    await enrolAll()
    for (let number = 1; number <= 4; number += 1) leave(study(number, number))
    new VaultAnchors({ records: held.records, audit }).anchor()
    expect(events().at(-1)?.event).toBe('vault.anchored')
    expect(verifyVault(held.records, log)).toEqual({ kind: 'sound', entries: 8, anchors: 1 })
    const { database } = held.records
    expect(() => database.exec("UPDATE vault_entry SET kind = 'study'")).toThrow(/never changed/)
    expect(() => database.exec('DELETE FROM vault_entry')).toThrow(/never removed/)
    database.exec(
      'PRAGMA foreign_keys = OFF; DROP TRIGGER vault_entry_unchangeable; DROP TRIGGER vault_entry_unremovable',
    )
    database.exec('SAVEPOINT tried; DELETE FROM vault_entry WHERE number > 6')
    expect(verifyVault(held.records, log)).toEqual({ kind: 'shortened', entries: 6, anchored: 8 })
    database.exec(`ROLLBACK TO tried; UPDATE vault_entry SET pseudonym = '${'0'.repeat(32)}' WHERE number = 3`)
    expect(verifyVault(held.records, log)).toEqual({ kind: 'broken', at: 3 })
    database.exec('ROLLBACK TO tried; DELETE FROM vault_entry WHERE number = 2')
    expect(verifyVault(held.records, log)).toEqual({ kind: 'broken', at: 2 })
    database.exec('ROLLBACK TO tried')
  })

  it('shares a secret so that two have it and one knows nothing of it', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(bytes, bytes, bytes, numbers, (secret, slope, guess, [a = 1, b = 2]) => {
        const line = { secret, slope }
        expect(combineShares(shareOf(line, a), shareOf(line, b))).toEqual(line)
        // Any secret fits to one share: the other share decides.
        const share = shareOf(line, a)
        const other = { number: 0, bytes: guess }
        const fitting = combineShares(share, other)
        expect(shareOf(fitting, a)).toEqual(share)
        expect(fitting.secret).toEqual(guess)
      }),
      { numRuns: 200 },
    )
  })
})
