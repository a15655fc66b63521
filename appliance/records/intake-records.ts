import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** What identifies a study at the site. All of it is identifying and stays in the encrypted database. */
export interface StudyIdentity {
  readonly studyInstanceUid: string
  readonly studyPseudonym: string
  readonly patientPseudonym: string
  readonly patientId: string
  /** Issuer of Patient ID (0010,0021) as it stands in the object; '' where it names none. */
  readonly patientIssuer?: string
  readonly patientName: string
  readonly patientBirthDate: string
  readonly patientSex: string
  readonly accessionNumber: string
  readonly studyDate: string
  readonly studyTime: string
  readonly studyDescription: string
}

/** One instance whose bytes are in the spool. `header` is what was read from it, or why nothing could be. */
export interface Arrival {
  readonly sopInstanceUid: string
  readonly digest: string
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  readonly bytes: number
  readonly callingAeTitle: string
  readonly remoteAddress: string
  readonly associationId: string
  readonly receivedAt: number
  readonly header:
    | {
        readonly kind: 'read'
        readonly study: StudyIdentity
        readonly seriesInstanceUid: string
        readonly modality: string
        /** The requester asked for this study to go first. */
        readonly urgent: boolean
      }
    | { readonly kind: 'unusable'; readonly reason: string }
}

/** What registering an arrival did. */
export type Registration =
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'quarantined'; readonly reason: string }
  | {
      readonly kind: 'added'
      readonly studyId: number
      readonly revisionId: number
      readonly revision: number
      /** True when this arrival opened the revision. */
      readonly opened: boolean
    }

export const SELECT_INSTANCES_OF_UID = 'SELECT instance_id, digest FROM instance WHERE sop_instance_uid = ?'
export const SELECT_INSTANCE_OF_DIGEST = 'SELECT instance_id FROM instance WHERE digest = ? LIMIT 1'
export const SELECT_STUDY_OF_DIGEST = 'SELECT study_id AS studyId FROM instance WHERE digest = ? LIMIT 1'
export const INSERT_INSTANCE = `
INSERT INTO instance (sop_instance_uid, digest, sop_class_uid, transfer_syntax_uid, bytes, study_id, series_instance_uid,
  modality, conflict, calling_ae_title, remote_address, association_id, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
export const INSERT_QUARANTINE = `
INSERT INTO quarantine (instance_id, revision_id, stage, reason, quarantined_at) VALUES (?, ?, ?, ?, ?)`
export const SELECT_STUDY_OF_UID = `
SELECT study_id AS studyId, patient_id AS patientId, modalities,
  (SELECT r.patient_id FROM study_received r WHERE r.study_id = study.study_id) AS receivedPatientId
FROM study WHERE study_instance_uid = ?`
/** Whether a Patient ID leads by merges in force to another. */
export const SELECT_MERGED_INTO = `
WITH RECURSIVE survivor (id) AS (
  SELECT ? UNION SELECT m.to_id FROM patient_merge m JOIN survivor ON m.from_id = survivor.id WHERE m.undone_at IS NULL)
SELECT 1 FROM survivor WHERE id = ?`
export const INSERT_STUDY = `
INSERT INTO study (study_instance_uid, study_pseudonym, patient_pseudonym, patient_id, patient_name, patient_birth_date,
  patient_sex, accession_number, study_date, study_time, study_description, modalities, current_revision, state,
  instance_count, first_received_at, last_received_at, patient_issuer)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, 'receiving', 0, ?, ?, ?)
-- A study that was purged and comes again is the same study: its pseudonym is keyed by its UID.
ON CONFLICT (study_pseudonym) DO UPDATE SET study_instance_uid = excluded.study_instance_uid,
  patient_pseudonym = excluded.patient_pseudonym, patient_id = excluded.patient_id, patient_name = excluded.patient_name,
  patient_birth_date = excluded.patient_birth_date, patient_sex = excluded.patient_sex,
  accession_number = excluded.accession_number, study_date = excluded.study_date, study_time = excluded.study_time,
  study_description = excluded.study_description, patient_issuer = excluded.patient_issuer
WHERE study.study_instance_uid LIKE 'purged:%'
RETURNING study_id AS studyId, modalities`
export const GROW_STUDY = `
UPDATE study SET instance_count = instance_count + 1, modalities = ?, last_received_at = max(last_received_at, ?)
WHERE study_id = ?`
export const SELECT_NEWEST_REVISION = `
SELECT revision_id AS revisionId, number, assembly FROM revision WHERE study_id = ? ORDER BY number DESC LIMIT 1`
export const INSERT_REVISION = `
INSERT INTO revision (study_id, number, assembly, processing, urgent, opened_at, last_instance_at)
VALUES (?, ?, 'receiving', 'queued', ?, ?, ?)`
export const SUPERSEDE_REVISION = `
UPDATE revision SET superseded = 1,
  reason = CASE processing WHEN 'queued' THEN 'superseded' ELSE reason END,
  processing = CASE processing WHEN 'queued' THEN 'not-scored' ELSE processing END
WHERE revision_id = ?`
export const CANCEL_DELIVERIES_OF_REVISION = `
UPDATE delivery SET state = 'dead', last_reason = 'superseded', settled_at = ?
WHERE state = 'pending' AND report_id IN (SELECT report_id FROM report WHERE revision_id = ?)`
export const COPY_REVISION_INSTANCES = `
INSERT INTO revision_instance (revision_id, ordinal, instance_id, withdrawn)
SELECT ?, ordinal, instance_id, withdrawn FROM revision_instance AS before WHERE revision_id = ?
AND EXISTS (SELECT 1 FROM instance i WHERE i.instance_id = before.instance_id AND i.purged_at IS NULL)`
export const ADD_REVISION_INSTANCE = `
INSERT INTO revision_instance (revision_id, ordinal, instance_id)
VALUES (?, (SELECT coalesce(max(ordinal) + 1, 0) FROM revision_instance WHERE revision_id = ?), ?)`
export const TOUCH_REVISION = `
UPDATE revision SET last_instance_at = ?, urgent = max(urgent, ?) WHERE revision_id = ?`

interface KnownStudy {
  readonly studyId: number
  readonly patientId: string
  readonly receivedPatientId: string
  readonly modalities: string
}

/** Registers arrivals. Every method must be called inside a transaction of the caller. */
export class IntakeRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /**
   * Registers one arrival: idempotent for the same SOP Instance UID and content; another content under a known UID is
   * kept apart and quarantined; an arrival for a complete study opens the next revision, which supersedes the last.
   */
  register(arrival: Arrival): Registration {
    const known = this.#sql.all<{ digest: string }>(SELECT_INSTANCES_OF_UID, arrival.sopInstanceUid)
    if (known.some((row) => row.digest === arrival.digest)) return { kind: 'duplicate' }
    if (arrival.header.kind === 'unusable') return this.#setAside(arrival, arrival.header.reason, known.length > 0)
    if (known.length > 0) return this.#setAside(arrival, 'sop-instance-conflict', true)
    const header = arrival.header
    const study = this.#studyOf(header.study, arrival.receivedAt)
    if (!this.#isOfPatient(study, header.study.patientId)) return this.#setAside(arrival, 'patient-mismatch', false)
    const instanceId = this.#insertInstance(arrival, study.studyId, false)
    const modalities = new Set(study.modalities === '' ? [] : study.modalities.split('\\'))
    if (header.modality !== '') modalities.add(header.modality)
    this.#sql.run(GROW_STUDY, [...modalities].sort().join('\\'), arrival.receivedAt, study.studyId)
    const urgent = header.urgent ? 1 : 0
    const revision = this.#openRevision(study.studyId, arrival.receivedAt, urgent)
    this.#sql.run(ADD_REVISION_INSTANCE, revision.revisionId, revision.revisionId, instanceId)
    this.#sql.run(TOUCH_REVISION, arrival.receivedAt, urgent, revision.revisionId)
    return { kind: 'added', studyId: study.studyId, ...revision }
  }

  /** Opens the next revision of a study with the same instances, for a correction; the one before is superseded. */
  openCorrected(studyId: number, at: number): { readonly revisionId: number; readonly revision: number } {
    return this.#openRevision(studyId, at, 0)
  }

  /** True when some registered instance has this content, so that its spool file must stay. */
  holdsDigest(digest: string): boolean {
    return this.#sql.get(SELECT_INSTANCE_OF_DIGEST, digest) !== undefined
  }

  /** The study of the instance with this content; null when it belongs to none. */
  studyOfDigest(digest: string): number | null {
    return this.#sql.get<{ studyId: number | null }>(SELECT_STUDY_OF_DIGEST, digest)?.studyId ?? null
  }

  #setAside(arrival: Arrival, reason: string, conflict: boolean): Registration {
    const instanceId = this.#insertInstance(arrival, null, conflict)
    this.#sql.run(INSERT_QUARANTINE, instanceId, null, 'intake', reason, arrival.receivedAt)
    return { kind: 'quarantined', reason }
  }

  #insertInstance(arrival: Arrival, studyId: number | null, conflict: boolean): number {
    const header = arrival.header.kind === 'read' ? arrival.header : undefined
    const inserted = this.#sql.run(
      INSERT_INSTANCE,
      arrival.sopInstanceUid,
      arrival.digest,
      arrival.sopClassUid,
      arrival.transferSyntaxUid,
      arrival.bytes,
      studyId,
      header?.seriesInstanceUid ?? null,
      header?.modality ?? null,
      conflict ? 1 : 0,
      arrival.callingAeTitle,
      arrival.remoteAddress,
      arrival.associationId,
      arrival.receivedAt,
    )
    return inserted.lastInsertRowid
  }

  /** An object belongs to its study under the ID first received, the one in force, or one that was merged into it. */
  #isOfPatient(study: KnownStudy, patientId: string): boolean {
    if (patientId === study.receivedPatientId || patientId === study.patientId) return true
    return this.#sql.get(SELECT_MERGED_INTO, patientId, study.patientId) !== undefined
  }

  #studyOf(study: StudyIdentity, at: number): KnownStudy {
    const found = this.#sql.get<KnownStudy>(SELECT_STUDY_OF_UID, study.studyInstanceUid)
    if (found !== undefined) return found
    const inserted = this.#sql.get<{ studyId: number; modalities: string }>(
      INSERT_STUDY,
      study.studyInstanceUid,
      study.studyPseudonym,
      study.patientPseudonym,
      study.patientId,
      study.patientName,
      study.patientBirthDate,
      study.patientSex,
      study.accessionNumber,
      study.studyDate,
      study.studyTime,
      study.studyDescription,
      at,
      at,
      study.patientIssuer ?? '',
    )
    const { patientId } = study
    if (inserted === undefined) throw new Error('two studies have one pseudonym')
    return { ...inserted, patientId, receivedPatientId: patientId }
  }

  #openRevision(studyId: number, at: number, urgent: 0 | 1): { revisionId: number; revision: number; opened: boolean } {
    const newest = this.#sql.get<{ revisionId: number; number: number; assembly: string }>(
      SELECT_NEWEST_REVISION,
      studyId,
    )
    if (newest?.assembly === 'receiving')
      return { revisionId: newest.revisionId, revision: newest.number, opened: false }
    if (newest !== undefined) {
      this.#sql.run(SUPERSEDE_REVISION, newest.revisionId)
      this.#sql.run(CANCEL_DELIVERIES_OF_REVISION, at, newest.revisionId)
    }
    const number = (newest?.number ?? 0) + 1
    const inserted = this.#sql.run(INSERT_REVISION, studyId, number, urgent, at, at)
    const revisionId = inserted.lastInsertRowid
    if (newest !== undefined) this.#sql.run(COPY_REVISION_INSTANCES, revisionId, newest.revisionId)
    return { revisionId, revision: number, opened: true }
  }
}
