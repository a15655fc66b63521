import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditSink } from '../egress/index.ts'
import type { Registration } from '../records/index.ts'
import { retentionSettings } from '../settings-retention.ts'
import { temporaryRecords } from '../testing/memory-records.ts'
import { Holds } from './holds.ts'
import { Purger } from './purger.ts'
import { Retention } from './retention.ts'

const DAY = 86_400_000
const PLANTED = 'PLANTED^IDENTIFIER'
const PLANTED_UID = '1.2.826.0.1.3680043.9.4242'
const ACTOR = { kind: 'system', id: 'operator' } as const

/** Tables of which a purge removes or blanks what identifies. */
const ERASED = [
  'audit_detail pixel_print shadow_job',
  'accession_correction announced_instance commitment_report_instance delivery_drop explanation held_batch held_envelope instance patient_merge',
  'pixel_review prior_instance prior_search prior_study procedure_step procedure_step_instance procedure_step_study rejected_reference',
  'rejection_note report result routing_facts study study_correction study_key study_received vault_entry vault_opening',
  'vault_salt',
].flatMap((line) => line.split(' '))
/** Tables with pseudonyms, codes, counts and times only, or nothing about studies. */
const NAMELESS = [
  'activation activation_run model_recall model_stop',
  'desired_state egress_rejection egress_rejection_of_study epoch_statement pruned_envelope reported_state witness_cosignature',
  'audit_feed backfill_job backfill_study delivery_alarm deployment deployment_candidate deployment_policy deployment_tally',
  'model_admitted model_use pixel_print_key radiomic_region radiomic_value scoring_token study_arm',
  'account audit_leaf audit_log audit_subtree commitment_report commitment_request commitment_request_instance',
  'cosigned_checkpoint delivery drift_pending egress_acknowledgement egress_block egress_counter egress_epoch egress_refusal envelope',
  'high_water_marks label leak_alarm legal_hold model purge purge_file quarantine refused_kit result_block revision revision_count',
  'pseudonym_generation revision_instance revision_route rule_version score session settings_version signed_checkpoint',
  'total vault_key vault_person withheld_body',
].flatMap((line) => line.split(' '))

/** What people wrote about a suspected breach is about no one study, and is kept six years (45 CFR 164.530(j)). */
const KEPT_BY_LAW = ['breach_case', 'breach_step']

/** The whole database as it lies on disk, decrypted: free pages and all. */
function decrypted(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-decrypted-'))
  try {
    const copy = join(folder, 'copy.db')
    copyFileSync(path, copy)
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`)
    const database = new Database(copy)
    database.pragma(`cipher='sqlcipher'`)
    database.pragma(`key="x'${Buffer.alloc(32, 7).toString('hex')}'"`)
    database.pragma('journal_mode = DELETE')
    database.pragma(`rekey=''`)
    database.close()
    const text = readFileSync(copy).toString('latin1')
    if (!text.startsWith('SQLite format 3')) throw new Error('the copy was not decrypted')
    return text
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('retention over a real record', () => {
  let held: ReturnType<typeof temporaryRecords>
  let folder: string
  let clock: ManualClock
  let settings = retentionSettings.parse({})
  let fire: (() => void) | undefined
  const events: string[] = []
  const audit: AuditSink = {
    record: (event) => events.push(event.event),
    recordNow: (event) => events.push(event.event),
  }

  beforeEach(() => {
    held = temporaryRecords()
    folder = mkdtempSync(join(tmpdir(), 'leadglass-retention-'))
    clock = new ManualClock(1_700_000_000_000)
    settings = retentionSettings.parse({ rules: [{ name: 'thirty-days', keepDays: 30 }] })
    events.length = 0
  })
  afterEach(() => {
    held.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  const fileOf = (digest: string): string => join(folder, digest)

  /** A study of one instance that was worked on and is finished. */
  function finished(name: string): { studyId: number; pseudonym: string; digest: string } {
    const { records } = held
    const pseudonym = name.repeat(32)
    const digest = name.repeat(64)
    writeFileSync(fileOf(digest), 'content')
    const registration = records.transaction(() =>
      records.intake.register({
        sopInstanceUid: `${PLANTED_UID}.1.${name}`,
        digest,
        sopClassUid: '1.2',
        transferSyntaxUid: '1.2.840.10008.1.2.1',
        bytes: 7,
        callingAeTitle: 'CR1',
        remoteAddress: '10.9.8.7',
        associationId: 'a',
        receivedAt: clock.now(),
        header: {
          kind: 'read',
          study: {
            studyInstanceUid: `${PLANTED_UID}.${name}`,
            studyPseudonym: pseudonym,
            patientPseudonym: 'e'.repeat(32),
            patientId: 'PLANTED-ID',
            patientName: PLANTED,
            patientBirthDate: '19501231',
            patientSex: 'F',
            accessionNumber: 'PLANTED-ACC',
            studyDate: '20260101',
            studyTime: '0800',
            studyDescription: 'PLANTED DESCRIPTION',
          },
          seriesInstanceUid: `${PLANTED_UID}.2`,
          modality: 'DX',
          urgent: false,
        },
      }),
    )
    if (registration.kind !== 'added') throw new Error(registration.kind)
    work(registration)
    return { studyId: registration.studyId, pseudonym, digest }
  }

  function work({ studyId, revisionId }: Extract<Registration, { kind: 'added' }>): void {
    const { records } = held
    records.transaction(() => {
      if (records.keys.ofStudy(studyId) === undefined) records.keys.add(studyId, Buffer.alloc(40, 9))
      records.revisions.complete(revisionId, 'cap', clock.now())
      records.rules.insertFacts(revisionId, clock.now(), JSON.stringify({ description: 'PLANTED DESCRIPTION' }))
      records.revisions.claim(revisionId, clock.now())
      const content = Buffer.from(`report about ${PLANTED}`)
      const report = { revisionId, modelDigest: 'm', sopClassUid: '1', sopInstanceUid: `2.25.${revisionId}`, content }
      records.results.insertReport(report, [], clock.now())
      records.revisions.finish(revisionId, 'scored', null, clock.now())
    })
  }

  /** Rows of other rooms about the study. */
  function plantEverywhere(studyId: number): void {
    held.records.database.exec(`
INSERT INTO patient_merge (from_issuer, from_id, to_issuer, to_id, to_name, source, actor, reason, recorded_at)
  VALUES ('', 'PLANTED-OLD', '', 'PLANTED-ID', '${PLANTED}', 'hl7', 'x', 'PLANTED REASON', 1);
INSERT INTO accession_correction (study_id, accession_number, actor, reason, recorded_at)
  VALUES (${studyId}, 'PLANTED-ACC2', 'x', 'PLANTED REASON', 1);
INSERT INTO study_correction (study_id, revision_number, cause, actor, reason, corrected_at)
  VALUES (${studyId}, 1, 'x', 'x', 'PLANTED REASON', 1);
INSERT INTO announced_instance VALUES ('${PLANTED_UID}.a', '${PLANTED_UID}.7', 1);
INSERT INTO procedure_step (step_id, sop_instance_uid, status, calling_ae_title, changed_at)
  VALUES (1, '${PLANTED_UID}.8', 'COMPLETED', 'CR1', 1);
INSERT INTO procedure_step_study VALUES ('${PLANTED_UID}.a', 1);
INSERT INTO procedure_step_instance VALUES (1, '${PLANTED_UID}.1.a');
INSERT INTO prior_study (prior_id, study_id, study_instance_uid, source, study_date, modalities, state)
  VALUES (1, ${studyId}, '${PLANTED_UID}.9', 'pacs', '20200101', 'DX', 'whole');
INSERT INTO held_batch (batch_id, study_id, state, opened_at) VALUES ('b1', ${studyId}, 'waiting', 1);
INSERT INTO held_envelope (batch_id, stream, kind, body, digest, held_at)
  VALUES ('b1', 'features', 'not-scored', 'PLANTED BODY', 'd', 1);
INSERT INTO held_batch (batch_id, study_id, state, opened_at, decided_at, decided_by, reason)
  VALUES ('b2', ${studyId}, 'refused', 1, 1, 'operator', 'PLANTED REASON');
INSERT INTO vault_opening (pseudonym, first_person, second_person, reason, opened_at)
  SELECT study_pseudonym, 'x', 'y', 'PLANTED REASON', 1 FROM study WHERE study_id = ${studyId};
INSERT INTO prior_instance VALUES (1, '${PLANTED_UID}.9.1', '1.2', '1.2', '${'c'.repeat(64)}', 1);`)
    writeFileSync(fileOf('c'.repeat(64)), 'a prior')
  }

  function retention(
    change: { pathOf?: (file: { digest: string }) => string; onChanged?: () => void } = {},
  ): Retention {
    const purger = new Purger({
      records: held.records,
      pathOf: change.pathOf ?? (({ digest }) => fileOf(digest)),
      audit,
      clock,
    })
    return new Retention({
      records: held.records,
      purger,
      settings: () => settings,
      schedule: {
        every: (_expression, _zone, task) => {
          fire = task
          return { stop: async () => undefined }
        },
      },
      drain: async () => undefined,
      clock,
      logger: silentLogger,
      onChanged: change.onChanged ?? (() => undefined),
    })
  }

  it('removes a study when the clock says so and the schedule fires, and nothing before', async () => {
    const study = finished('a')
    const service = retention()
    await service.start()
    clock.advance(29 * DAY)
    expect(service.plan()).toMatchObject({ dueCount: 0, kept: { 'not-yet': 1 } })
    expect(await service.run()).toMatchObject({ purged: 0 })
    clock.advance(DAY)
    expect(service.plan()).toMatchObject({ dueCount: 1, dueBytes: 7, due: [{ study: study.pseudonym }] })
    fire?.()
    await service.run()
    await service.stop()
    expect(existsSync(fileOf(study.digest))).toBe(false)
    expect(held.records.keys.ofStudy(study.studyId)).toBeUndefined()
    expect(held.records.studies.find(study.pseudonym)).toMatchObject({
      patientName: '',
      patientId: '',
      state: 'scored',
      instances: 1,
    })
    expect(held.records.retention.purges(9)).toMatchObject([{ study: study.pseudonym, rule: 'thirty-days', bytes: 7 }])
    expect(events).toContain('study.expired')
  })

  it('leaves nothing of the planted identity in any page of the database', async () => {
    const { studyId } = finished('a')
    plantEverywhere(studyId)
    const service = retention()
    await service.start()
    expect(decrypted(held.path)).toContain(PLANTED)
    clock.advance(31 * DAY)
    expect(await service.run()).toMatchObject({ purged: 1, finished: true })
    await service.stop()
    const everything = decrypted(held.path)
    for (const planted of [PLANTED, 'PLANTED', PLANTED_UID, '19501231', '10.9.8.7', 'aaaaaaaa'.repeat(8)]) {
      expect(everything.includes(planted), planted).toBe(false)
    }
    expect(everything).toContain('a'.repeat(32))
    expect(existsSync(fileOf('c'.repeat(64)))).toBe(false)
  })

  it('knows of every table whether it may tell whose a study was', () => {
    const tables = held.records.database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all() as { name: string }[]
    const unknown = tables
      .map((table) => table.name)
      .filter((name) => ![...ERASED, ...NAMELESS, ...KEPT_BY_LAW].includes(name))
    expect(unknown, 'say in identity-erasure.ts what a purge does to it, then name it here').toEqual([])
  })

  it('a legal hold on the study or the patient wins, until it is lifted', async () => {
    const study = finished('a')
    const holds = new Holds({ records: held.records, audit, clock })
    const service = retention()
    await service.start()
    clock.advance(400 * DAY)
    const onPatient = holds.place({ patient: 'e'.repeat(32) }, 'litigation', ACTOR)
    const onStudy = holds.place(
      { study: { studyId: study.studyId, studyPseudonym: study.pseudonym } },
      'inquiry',
      ACTOR,
    )
    expect(await service.run()).toMatchObject({ purged: 0 })
    holds.lift(onPatient, 'settled', ACTOR)
    expect(service.plan()).toMatchObject({ kept: { 'legal-hold': 1 } })
    holds.lift(onStudy, 'closed', ACTOR)
    expect(() => holds.lift(onStudy, 'again', ACTOR)).toThrow(/no such legal hold/)
    expect(() => holds.place({ patient: 'f'.repeat(32) }, 'nobody', ACTOR)).toThrow(/no study of this patient/)
    expect(await service.run()).toMatchObject({ purged: 1 })
    await service.stop()
    expect(holds.list(9).map((hold) => hold.liftedReason)).toEqual(expect.arrayContaining(['settled', 'closed']))
    expect(events.filter((event) => event.startsWith('hold.'))).toHaveLength(4)
  })

  it('a start finishes what was cut off after the first step', async () => {
    const study = finished('a')
    clock.advance(31 * DAY)
    const broken = retention({
      pathOf: () => {
        throw new Error('killed here')
      },
    })
    await broken.start()
    await expect(broken.run()).rejects.toThrow('killed here')
    await broken.stop()
    expect(held.records.keys.ofStudy(study.studyId)).toBeUndefined()
    expect(existsSync(fileOf(study.digest))).toBe(true)
    expect(held.records.retention.unsettled()).toBe(1)
    const next = retention()
    await next.start()
    expect(existsSync(fileOf(study.digest))).toBe(false)
    expect(held.records.retention.unsettled()).toBe(0)
    await next.stop()
    expect(decrypted(held.path)).not.toContain(PLANTED)
  })

  it('a start finishes what was cut off before the database was written over', async () => {
    const study = finished('a')
    clock.advance(31 * DAY)
    const { records } = held
    records.retention.deleteSecurely()
    const purger = new Purger({ records, pathOf: ({ digest }) => fileOf(digest), audit, clock })
    const [candidate] = records.retention.candidates({ lastReceivedAt: -1, studyId: -1 }, clock.now(), 9)
    if (candidate === undefined) throw new Error('no candidate')
    expect(purger.purge(candidate, 'thirty-days', () => false)).toBe(false)
    expect(records.studies.find(study.pseudonym)?.patientName).toBe(PLANTED)
    expect(purger.purge(candidate, 'thirty-days', () => true)).toBe(true)
    rmSync(fileOf(study.digest))
    const next = retention()
    await next.start()
    await next.stop()
    expect(records.retention.purges(9)).toMatchObject([{ settledAt: clock.now() }])
    expect(decrypted(held.path)).not.toContain(PLANTED)
  })

  it('a study that comes again is the same study, without what was removed', async () => {
    const first = finished('a')
    const service = retention()
    await service.start()
    clock.advance(31 * DAY)
    await service.run()
    await service.stop()
    const again = finished('a')
    expect(again.studyId).toBe(first.studyId)
    expect(existsSync(fileOf(again.digest))).toBe(true)
    const study = held.records.studies.find(first.pseudonym)
    expect(study).toMatchObject({ patientName: PLANTED, revision: 2 })
    const [revision] = held.records.studies.revisions(first.studyId)
    expect(held.records.revisions.instances(revision?.revisionId ?? 0)).toHaveLength(1)
    expect(held.records.retention.purges(9)).toEqual([])
  })

  it('removes what was set aside and belongs to no study, when told after how long', async () => {
    const { digest } = finished('a')
    const other = 'b'.repeat(64)
    writeFileSync(fileOf(other), 'content')
    held.records.transaction(() =>
      held.records.intake.register({
        sopInstanceUid: `${PLANTED_UID}.1.a`,
        digest: other,
        sopClassUid: '1.2',
        transferSyntaxUid: '1.2.840.10008.1.2.1',
        bytes: 7,
        callingAeTitle: 'CR1',
        remoteAddress: '10.9.8.7',
        associationId: 'a',
        receivedAt: clock.now(),
        header: { kind: 'unusable', reason: 'unreadable' },
      }),
    )
    settings = retentionSettings.parse({ quarantineKeepDays: 90 })
    const service = retention()
    await service.start()
    clock.advance(89 * DAY)
    expect(await service.run()).toMatchObject({ quarantined: 0 })
    clock.advance(DAY)
    expect(service.plan()).toMatchObject({ quarantined: 1, dueCount: 0 })
    expect(await service.run()).toMatchObject({ purged: 0, quarantined: 1 })
    await service.stop()
    expect(existsSync(fileOf(other))).toBe(false)
    expect(existsSync(fileOf(digest))).toBe(true)
    expect(held.records.studies.quarantine(9)).toHaveLength(1)
  })

  it('stops when its window closes, and goes on in the next', async () => {
    for (const name of ['a', 'b', 'c']) finished(name)
    clock.advance(31 * DAY)
    settings = { ...settings, windowMinutes: 1 }
    const service = retention({ onChanged: () => clock.advance(40_000) })
    await service.start()
    expect(await service.run()).toEqual({ purged: 2, priors: 0, quarantined: 0, finished: false })
    expect(await service.run()).toEqual({ purged: 1, priors: 0, quarantined: 0, finished: true })
    await service.stop()
  })
})
