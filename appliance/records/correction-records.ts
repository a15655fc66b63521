import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A study's identity as received and as in force. All of it is identifying. */
export interface ReceivedStudy {
  readonly studyId: number
  readonly studyPseudonym: string
  readonly patientIssuer: string
  readonly patientId: string
  readonly patientName: string
  readonly patientBirthDate: string
  readonly patientSex: string
  readonly accessionNumber: string
  readonly patientPseudonym: string
}

/** One merge of patient identities. */
export interface MergeRow {
  readonly mergeId: number
  readonly fromIssuer: string
  readonly fromId: string
  readonly toIssuer: string
  readonly toId: string
  readonly toName: string | null
  readonly toBirthDate: string | null
  readonly toSex: string | null
  readonly source: 'hl7' | 'person'
  readonly actor: string
  readonly reason: string
  readonly recordedAt: number
  readonly undoneBy: string | null
  readonly undoneReason: string | null
  readonly undoneAt: number | null
}

/** What a correction did to a study. */
export interface CorrectionRow {
  readonly revision: number
  readonly cause: string
  readonly actor: string
  readonly reason: string
  readonly correctedAt: number
}

/** A result object that some destinations have. */
export interface DeliveredReport {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
  readonly content: Uint8Array
  readonly destination: string
}

const MERGE_COLUMNS = `merge_id AS mergeId, from_issuer AS fromIssuer, from_id AS fromId, to_issuer AS toIssuer,
  to_id AS toId, to_name AS toName, to_birth_date AS toBirthDate, to_sex AS toSex, source, actor, reason,
  recorded_at AS recordedAt, undone_by AS undoneBy, undone_reason AS undoneReason, undone_at AS undoneAt`
const RECEIVED_COLUMNS = `r.study_id AS studyId, s.study_pseudonym AS studyPseudonym, r.patient_issuer AS patientIssuer,
  r.patient_id AS patientId, r.patient_name AS patientName, r.patient_birth_date AS patientBirthDate,
  r.patient_sex AS patientSex, r.accession_number AS accessionNumber, r.patient_pseudonym AS patientPseudonym`
const RECEIVED_JOIN = 'FROM study_received r JOIN study s ON s.study_id = r.study_id'

export const SELECT_MERGE_OF = `
SELECT ${MERGE_COLUMNS} FROM patient_merge WHERE from_id = ? AND from_issuer = ? AND undone_at IS NULL`
export const SELECT_MERGE = `SELECT ${MERGE_COLUMNS} FROM patient_merge WHERE merge_id = ?`
export const SELECT_MERGES = `SELECT ${MERGE_COLUMNS} FROM patient_merge ORDER BY merge_id DESC LIMIT ?`
export const INSERT_MERGE = `
INSERT INTO patient_merge (from_issuer, from_id, to_issuer, to_id, to_name, to_birth_date, to_sex, source, actor, reason,
  recorded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
export const UNDO_MERGE = `
UPDATE patient_merge SET undone_by = ?, undone_reason = ?, undone_at = ? WHERE merge_id = ? AND undone_at IS NULL`
/** Studies received under an ID, or under one that was ever merged on a way to it. */
export const SELECT_STUDIES_UNDER = `
WITH RECURSIVE merged (id) AS (
  SELECT ? UNION SELECT m.from_id FROM patient_merge m JOIN merged ON m.to_id = merged.id)
SELECT ${RECEIVED_COLUMNS} FROM merged CROSS JOIN study_received r ON r.patient_id = merged.id
JOIN study s ON s.study_id = r.study_id ORDER BY r.study_id`
export const SELECT_RECEIVED = `SELECT ${RECEIVED_COLUMNS} ${RECEIVED_JOIN} WHERE r.study_id = ?`
export const SELECT_STUDY_ID = 'SELECT study_id AS studyId FROM study WHERE study_instance_uid = ?'
export const SELECT_IN_FORCE = `
SELECT study_id AS studyId, study_pseudonym AS studyPseudonym, patient_issuer AS patientIssuer, patient_id AS patientId,
  patient_name AS patientName, patient_birth_date AS patientBirthDate, patient_sex AS patientSex,
  accession_number AS accessionNumber, patient_pseudonym AS patientPseudonym FROM study WHERE study_id = ?`
export const SET_IDENTITY = `
UPDATE study SET patient_issuer = ?, patient_id = ?, patient_name = ?, patient_birth_date = ?, patient_sex = ?,
  accession_number = ?, patient_pseudonym = ? WHERE study_id = ?`
export const SELECT_ACCESSION = `
SELECT accession_number AS accessionNumber FROM accession_correction
-- emptied when the study was purged
WHERE study_id = ? AND accession_number <> ''
ORDER BY accession_correction_id DESC LIMIT 1`
export const INSERT_ACCESSION = `
INSERT INTO accession_correction (study_id, accession_number, actor, reason, recorded_at) VALUES (?, ?, ?, ?, ?)`
export const SELECT_UNREAD = `
SELECT i.instance_id AS instanceId, i.digest, i.bytes FROM revision_instance ri
JOIN instance i ON i.instance_id = ri.instance_id
WHERE ri.revision_id = ? AND i.sop_class_uid = ?
  AND NOT EXISTS (SELECT 1 FROM rejection_note n WHERE n.instance_id = i.instance_id)`
export const INSERT_NOTE = `
INSERT INTO rejection_note (instance_id, study_id, title, read_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
export const INSERT_REFERENCE = `
INSERT INTO rejected_reference (instance_id, sop_instance_uid) VALUES (?, ?) ON CONFLICT DO NOTHING`
export const SELECT_NOTES = `
SELECT instance_id AS instanceId, title FROM rejection_note WHERE study_id = ? AND title <> 'none'`
export const SELECT_REFERENCES = 'SELECT sop_instance_uid AS uid FROM rejected_reference WHERE instance_id = ?'
export const SELECT_MEMBERS = `
SELECT i.instance_id AS instanceId, i.sop_instance_uid AS sopInstanceUid, ri.withdrawn FROM revision_instance ri
JOIN instance i ON i.instance_id = ri.instance_id WHERE ri.revision_id = ? ORDER BY ri.ordinal`
export const SET_WITHDRAWN = 'UPDATE revision_instance SET withdrawn = ? WHERE revision_id = ? AND instance_id = ?'
export const SELECT_NEWEST = `
SELECT revision_id AS revisionId, number, assembly FROM revision WHERE study_id = ? ORDER BY number DESC LIMIT 1`
export const INSERT_CORRECTION = `
INSERT INTO study_correction (study_id, revision_number, cause, actor, reason, corrected_at) VALUES (?, ?, ?, ?, ?, ?)`
export const SELECT_CORRECTIONS = `
SELECT revision_number AS revision, cause, actor, reason, corrected_at AS correctedAt FROM study_correction
WHERE study_id = ? ORDER BY study_correction_id DESC`
export const SELECT_COUNTED = `
SELECT r.number, ri.instance_id AS instanceId FROM revision r JOIN revision_instance ri ON ri.revision_id = r.revision_id
WHERE r.study_id = ? AND ri.withdrawn IS NULL ORDER BY r.number, ri.instance_id`
export const SELECT_NUMBERS = 'SELECT number FROM revision WHERE study_id = ? ORDER BY number'
/** Reports that a destination has, and that no rejection note it has took back since. */
export const SELECT_DELIVERED = `
SELECT r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid, r.content, d.destination
FROM revision v JOIN report r ON r.revision_id = v.revision_id JOIN delivery d ON d.report_id = r.report_id
WHERE v.study_id = ? AND v.number < ? AND r.sop_class_uid <> ? AND length(r.content) > 0 AND (d.state = 'accepted' OR d.stored_at IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM revision v2 JOIN report r2 ON r2.revision_id = v2.revision_id JOIN delivery d2 ON d2.report_id = r2.report_id
    WHERE v2.study_id = v.study_id AND v2.number > v.number AND r2.sop_class_uid = ? AND d2.destination = d.destination
      AND (d2.state = 'accepted' OR d2.stored_at IS NOT NULL))
ORDER BY v.number, r.report_id`

export const SELECT_DESTINATIONS = `
SELECT DISTINCT d.destination FROM revision v JOIN report r ON r.revision_id = v.revision_id
JOIN delivery d ON d.report_id = r.report_id
WHERE v.study_id = ? AND (d.state = 'accepted' OR d.stored_at IS NOT NULL)`

/** Merges, accession corrections and rejection notes, and what they did. Writes stand in the caller's transaction. */
export class CorrectionRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** The merge in force of which this patient is the merged side. */
  mergeOf(issuer: string, id: string): MergeRow | undefined {
    return this.#sql.get(SELECT_MERGE_OF, id, issuer)
  }

  merge(mergeId: number): MergeRow | undefined {
    return this.#sql.get(SELECT_MERGE, mergeId)
  }

  /** Newest first, those undone too. */
  merges(limit: number): readonly MergeRow[] {
    return this.#sql.all(SELECT_MERGES, limit)
  }

  /** @returns the merge's number. */
  insertMerge(row: Omit<MergeRow, 'mergeId' | 'undoneBy' | 'undoneReason' | 'undoneAt'>): number {
    const { fromIssuer, fromId, toIssuer, toId, toName, toBirthDate, toSex, source, actor, reason, recordedAt } = row
    const values = [fromIssuer, fromId, toIssuer, toId, toName, toBirthDate, toSex, source, actor, reason, recordedAt]
    return this.#sql.run(INSERT_MERGE, ...values).lastInsertRowid
  }

  /** @returns false when it was undone before. */
  undoMerge(mergeId: number, actor: string, reason: string, at: number): boolean {
    return this.#sql.run(UNDO_MERGE, actor, reason, at, mergeId).changes === 1
  }

  /** Studies whose identity a merge from this ID may change. */
  studiesUnder(patientId: string): readonly ReceivedStudy[] {
    return this.#sql.all(SELECT_STUDIES_UNDER, patientId)
  }

  received(studyId: number): ReceivedStudy | undefined {
    return this.#sql.get(SELECT_RECEIVED, studyId)
  }

  studyOfUid(studyInstanceUid: string): number | undefined {
    return this.#sql.get<{ studyId: number }>(SELECT_STUDY_ID, studyInstanceUid)?.studyId
  }

  inForce(studyId: number): ReceivedStudy | undefined {
    return this.#sql.get(SELECT_IN_FORCE, studyId)
  }

  setIdentity(studyId: number, identity: Omit<ReceivedStudy, 'studyId' | 'studyPseudonym'>): void {
    const { patientIssuer, patientId, patientName, patientBirthDate, patientSex, accessionNumber } = identity
    const values = [patientIssuer, patientId, patientName, patientBirthDate, patientSex, accessionNumber]
    this.#sql.run(SET_IDENTITY, ...values, identity.patientPseudonym, studyId)
  }

  /** The corrected accession number; null where it was never corrected. */
  accession(studyId: number): string | null {
    return this.#sql.get<{ accessionNumber: string }>(SELECT_ACCESSION, studyId)?.accessionNumber ?? null
  }

  insertAccession(studyId: number, accession: string, actor: string, reason: string, at: number): void {
    this.#sql.run(INSERT_ACCESSION, studyId, accession, actor, reason, at)
  }

  /** Instances of a class in a revision that nobody has read as notes yet. */
  unread(revisionId: number, sopClassUid: string): readonly { instanceId: number; digest: string; bytes: number }[] {
    return this.#sql.all(SELECT_UNREAD, revisionId, sopClassUid)
  }

  /** @param title 'none' when the document rejects nothing. */
  insertNote(instanceId: number, studyId: number, title: string, rejects: readonly string[], at: number): void {
    this.#sql.run(INSERT_NOTE, instanceId, studyId, title, at)
    for (const uid of rejects) this.#sql.run(INSERT_REFERENCE, instanceId, uid)
  }

  notes(studyId: number): readonly { instanceId: number; title: string; rejects: ReadonlySet<string> }[] {
    return this.#sql.all<{ instanceId: number; title: string }>(SELECT_NOTES, studyId).map((note) => ({
      ...note,
      rejects: new Set(this.#sql.all<{ uid: string }>(SELECT_REFERENCES, note.instanceId).map((row) => row.uid)),
    }))
  }

  /** Every instance of a revision; `withdrawn` is null where it counts. */
  members(revisionId: number): readonly { instanceId: number; sopInstanceUid: string; withdrawn: string | null }[] {
    return this.#sql.all(SELECT_MEMBERS, revisionId)
  }

  setWithdrawn(revisionId: number, instanceId: number, withdrawn: string | null): void {
    this.#sql.run(SET_WITHDRAWN, withdrawn, revisionId, instanceId)
  }

  newestRevision(studyId: number): { revisionId: number; number: number; assembly: string } | undefined {
    return this.#sql.get(SELECT_NEWEST, studyId)
  }

  insertCorrection(studyId: number, row: CorrectionRow): void {
    const { revision, cause, actor, reason, correctedAt } = row
    this.#sql.run(INSERT_CORRECTION, studyId, revision, cause, actor, reason, correctedAt)
  }

  /** What was corrected of a study, newest first. */
  corrections(studyId: number): readonly CorrectionRow[] {
    return this.#sql.all(SELECT_CORRECTIONS, studyId)
  }

  /** Other revisions of a study in which the same instances count as in this one. */
  revisionsLike(studyId: number, revision: number): readonly number[] {
    const counted = new Map<number, string>()
    for (const { number, instanceId } of this.#sql.all<{ number: number; instanceId: number }>(SELECT_COUNTED, studyId))
      counted.set(number, `${counted.get(number) ?? ''} ${instanceId}`)
    const own = counted.get(revision) ?? ''
    const numbers = this.#sql.all<{ number: number }>(SELECT_NUMBERS, studyId).map((row) => row.number)
    return numbers.filter((number) => number !== revision && (counted.get(number) ?? '') === own)
  }

  /** Destinations that have some result of a study. */
  destinationsThatHave(studyId: number): readonly string[] {
    return this.#sql.all<{ destination: string }>(SELECT_DESTINATIONS, studyId).map((row) => row.destination)
  }

  /** Reports of earlier revisions that destinations have and that were not taken back. */
  delivered(studyId: number, before: number, noteClass: string): readonly DeliveredReport[] {
    return this.#sql.all(SELECT_DELIVERED, studyId, before, noteClass, noteClass)
  }
}
