import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'
import type { AssemblyState, CompletionReason, DeliveryState, ProcessingState, StudyState } from './vocabulary.ts'

/** One study in a list. Holds identifying values: for signed-in people at the site only. */
export interface StudyRow {
  readonly studyId: number
  readonly studyPseudonym: string
  readonly patientPseudonym: string
  readonly patientName: string
  readonly patientId: string
  readonly patientBirthDate: string
  readonly patientSex: string
  readonly accessionNumber: string
  readonly studyDate: string
  readonly studyTime: string
  readonly studyDescription: string
  readonly modalities: string
  readonly revision: number
  readonly state: StudyState
  readonly instances: number
  readonly firstReceivedAt: number
  readonly lastReceivedAt: number
}

/** What a list asks for. `before` is the place of the last row of the page before. */
export interface StudyQuery {
  readonly state: StudyState | null
  readonly search: string | null
  readonly before: { readonly lastReceivedAt: number; readonly studyId: number } | null
  readonly limit: number
}

export interface RevisionRow {
  readonly revisionId: number
  readonly number: number
  readonly assembly: AssemblyState
  readonly completionReason: CompletionReason | null
  /** Instances that a peer named for it when it was closed; null where none did. */
  readonly expectedInstances: number | null
  readonly processing: ProcessingState
  readonly superseded: 0 | 1
  readonly reason: string | null
  readonly attempts: number
  readonly openedAt: number
  readonly completedAt: number | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

export interface InstanceRow {
  readonly ordinal: number
  readonly sopInstanceUid: string
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  readonly modality: string | null
  readonly bytes: number
  readonly receivedAt: number
  readonly callingAeTitle: string
}

export interface StudyResultRow {
  readonly resultId: number
  readonly ordinal: number
  readonly modelName: string | null
  readonly modelVersion: string | null
  readonly modelDigest: string | null
  readonly outcome: 'scored' | 'not-scored'
  readonly reason: string | null
  readonly quality: string
  /** What really ran the graphs; null where nothing ran, and for results of old. */
  readonly provider: string | null
  /** The backfill that made it; null for a result of the study's own time. */
  readonly backfill: number | null
}

export interface StudyScoreRow {
  readonly resultId: number
  readonly code: string
  readonly title: string
  readonly value: number
  readonly thresholdMilli: number
  readonly above: 0 | 1
}

export interface StudyDeliveryRow {
  readonly deliveryId: number
  readonly revision: number
  readonly destination: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly reason: string | null
  readonly nextAttemptAt: number
  readonly settledAt: number | null
  /** When the destination accepted it, while its confirmation is awaited. */
  readonly storedAt: number | null
  readonly confirmedBy: 'store' | 'commitment' | 'query' | null
}

export interface LabelRow {
  readonly labelId: string
  readonly revision: number
  readonly finding: string
  readonly value: 'present' | 'absent' | 'uncertain'
  readonly blind: 0 | 1
  readonly personId: string
  readonly labelledAt: number
}

export interface QuarantineRow {
  readonly quarantineId: number
  readonly instanceId: number
  readonly stage: 'intake' | 'deidentify' | 'verify'
  readonly reason: string
  readonly studyPseudonym: string | null
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  readonly bytes: number
  readonly callingAeTitle: string
  readonly quarantinedAt: number
}

const STUDY_COLUMNS = `s.study_id AS studyId, s.study_pseudonym AS studyPseudonym,
  s.patient_pseudonym AS patientPseudonym, s.patient_name AS patientName, s.patient_id AS patientId,
  s.patient_birth_date AS patientBirthDate, s.patient_sex AS patientSex, s.accession_number AS accessionNumber,
  s.study_date AS studyDate, s.study_time AS studyTime, s.study_description AS studyDescription, s.modalities,
  s.current_revision AS revision, s.state, s.instance_count AS instances, s.first_received_at AS firstReceivedAt,
  s.last_received_at AS lastReceivedAt`
const PAGE = `(s.last_received_at, s.study_id) < (?, ?) ORDER BY s.last_received_at DESC, s.study_id DESC LIMIT ?`
const MATCHES = `(s.patient_name LIKE ? ESCAPE '!' OR s.patient_id LIKE ? ESCAPE '!'
  OR s.accession_number LIKE ? ESCAPE '!' OR s.study_pseudonym LIKE ? ESCAPE '!')`
export const SELECT_STUDIES = `SELECT ${STUDY_COLUMNS} FROM study s WHERE ${PAGE}`
export const SELECT_STUDIES_IN_STATE = `SELECT ${STUDY_COLUMNS} FROM study s WHERE s.state = ? AND ${PAGE}`
export const SEARCH_STUDIES = `SELECT ${STUDY_COLUMNS} FROM study s WHERE ${MATCHES} AND ${PAGE}`
export const SEARCH_STUDIES_IN_STATE = `SELECT ${STUDY_COLUMNS} FROM study s WHERE s.state = ? AND ${MATCHES} AND ${PAGE}`
export const SELECT_STUDY = `SELECT ${STUDY_COLUMNS} FROM study s WHERE s.study_pseudonym = ?`
export const SELECT_STUDY_PSEUDONYM = 'SELECT study_pseudonym AS studyPseudonym FROM study WHERE study_id = ?'
export const SELECT_STUDY_STATE = `
SELECT study_pseudonym AS study, state, current_revision AS revision FROM study WHERE study_id = ?`
export const SET_PATIENT_PSEUDONYM = 'UPDATE study SET patient_pseudonym = ? WHERE study_id = ?'
export const COUNT_STUDIES = 'SELECT state, count(*) AS count FROM study GROUP BY state'
export const SELECT_REVISIONS = `
SELECT revision_id AS revisionId, number, assembly, completion_reason AS completionReason,
  expected_instances AS expectedInstances, processing, superseded,
  reason, attempts, opened_at AS openedAt, completed_at AS completedAt, started_at AS startedAt,
  finished_at AS finishedAt
FROM revision WHERE study_id = ? ORDER BY number DESC`
export const SELECT_STUDY_INSTANCES = `
SELECT ri.ordinal, i.sop_instance_uid AS sopInstanceUid, i.sop_class_uid AS sopClassUid,
  i.transfer_syntax_uid AS transferSyntaxUid, i.modality, i.bytes, i.received_at AS receivedAt,
  i.calling_ae_title AS callingAeTitle
FROM revision_instance ri JOIN instance i ON i.instance_id = ri.instance_id
WHERE ri.revision_id = ? AND ri.withdrawn IS NULL ORDER BY ri.ordinal`
export const SELECT_RESULTS = `
SELECT result_id AS resultId, ordinal, model_name AS modelName, model_version AS modelVersion,
  model_digest AS modelDigest, outcome, reason, quality, provider, backfill FROM result WHERE revision_id = ? ORDER BY ordinal, model_name`
export const SELECT_SCORES = `
SELECT c.result_id AS resultId, c.code, c.title, c.value, c.threshold_milli AS thresholdMilli, c.above
FROM result r JOIN score c ON c.result_id = r.result_id WHERE r.revision_id = ?`
export const SELECT_STUDY_DELIVERIES = `
SELECT d.delivery_id AS deliveryId, v.number AS revision, d.destination, d.state, d.attempts, d.last_reason AS reason,
  d.next_attempt_at AS nextAttemptAt, d.settled_at AS settledAt, d.stored_at AS storedAt, d.confirmed_by AS confirmedBy
FROM revision v JOIN report r ON r.revision_id = v.revision_id JOIN delivery d ON d.report_id = r.report_id
WHERE v.study_id = ? ORDER BY v.number DESC, d.destination`
export const INSERT_LABEL = `
INSERT INTO label (label_id, study_id, revision_number, finding, value, blind, person_id, labelled_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
export const SELECT_LABELS = `
SELECT label_id AS labelId, revision_number AS revision, finding, value, blind, person_id AS personId,
  labelled_at AS labelledAt FROM label WHERE study_id = ? ORDER BY labelled_at DESC`
export const INSERT_STUDY_QUARANTINE = `
INSERT INTO quarantine (instance_id, revision_id, stage, reason, quarantined_at) VALUES (?, ?, ?, ?, ?)`
export const SELECT_QUARANTINE = `
SELECT q.quarantine_id AS quarantineId, q.instance_id AS instanceId, q.stage, q.reason,
  s.study_pseudonym AS studyPseudonym, i.sop_class_uid AS sopClassUid, i.transfer_syntax_uid AS transferSyntaxUid,
  i.bytes, i.calling_ae_title AS callingAeTitle, q.quarantined_at AS quarantinedAt
FROM quarantine q JOIN instance i ON i.instance_id = q.instance_id LEFT JOIN study s ON s.study_id = i.study_id
ORDER BY q.quarantined_at DESC, q.quarantine_id DESC LIMIT ?`
export const SELECT_TOTALS = 'SELECT instances, bytes, quarantined FROM total WHERE only_row = 1'

/** Totals over everything ever accepted. */
export interface Totals {
  readonly instances: number
  readonly bytes: number
  readonly quarantined: number
}

/** Studies as people see them. */
export class StudyRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** One page of studies, newest arrival first. */
  list(query: StudyQuery): readonly StudyRow[] {
    const page = [
      query.before?.lastReceivedAt ?? Number.MAX_SAFE_INTEGER,
      query.before?.studyId ?? Number.MAX_SAFE_INTEGER,
      query.limit,
    ]
    const pattern = query.search === null ? null : `%${query.search.replaceAll(/[!%_]/g, '!$&')}%`
    const match = [pattern, pattern, pattern, pattern]
    if (query.state === null && pattern === null) return this.#sql.all(SELECT_STUDIES, ...page)
    if (query.state === null) return this.#sql.all(SEARCH_STUDIES, ...match, ...page)
    if (pattern === null) return this.#sql.all(SELECT_STUDIES_IN_STATE, query.state, ...page)
    return this.#sql.all(SEARCH_STUDIES_IN_STATE, query.state, ...match, ...page)
  }

  find(studyPseudonym: string): StudyRow | undefined {
    return this.#sql.get(SELECT_STUDY, studyPseudonym)
  }

  pseudonymOf(studyId: number): string | undefined {
    return this.#sql.get<{ studyPseudonym: string }>(SELECT_STUDY_PSEUDONYM, studyId)?.studyPseudonym
  }

  /** The pseudonym as the de-identification has it, which is the one that leaves. */
  setPatientPseudonym(studyId: number, patientPseudonym: string): void {
    this.#sql.run(SET_PATIENT_PSEUDONYM, patientPseudonym, studyId)
  }

  /** Pseudonym, state and current revision. */
  stateOf(studyId: number): { study: string; state: StudyState; revision: number } | undefined {
    return this.#sql.get(SELECT_STUDY_STATE, studyId)
  }

  countsByState(): Readonly<Record<string, number>> {
    const rows = this.#sql.all<{ state: string; count: number }>(COUNT_STUDIES)
    return Object.fromEntries(rows.map((row) => [row.state, row.count]))
  }

  totals(): Totals {
    return this.#sql.get<Totals>(SELECT_TOTALS) ?? { instances: 0, bytes: 0, quarantined: 0 }
  }

  revisions(studyId: number): readonly RevisionRow[] {
    return this.#sql.all(SELECT_REVISIONS, studyId)
  }

  instances(revisionId: number): readonly InstanceRow[] {
    return this.#sql.all(SELECT_STUDY_INSTANCES, revisionId)
  }

  results(revisionId: number): readonly StudyResultRow[] {
    return this.#sql.all(SELECT_RESULTS, revisionId)
  }

  scores(revisionId: number): readonly StudyScoreRow[] {
    return this.#sql.all(SELECT_SCORES, revisionId)
  }

  deliveries(studyId: number): readonly StudyDeliveryRow[] {
    return this.#sql.all(SELECT_STUDY_DELIVERIES, studyId)
  }

  labels(studyId: number): readonly LabelRow[] {
    return this.#sql.all(SELECT_LABELS, studyId)
  }

  insertLabel(studyId: number, label: LabelRow): void {
    const { labelId, revision, finding, value, blind, personId, labelledAt } = label
    this.#sql.run(INSERT_LABEL, labelId, studyId, revision, finding, value, blind, personId, labelledAt)
  }

  insertQuarantine(instanceId: number, revisionId: number, stage: 'deidentify' | 'verify', reason: string, at: number) {
    this.#sql.run(INSERT_STUDY_QUARANTINE, instanceId, revisionId, stage, reason, at)
  }

  quarantine(limit: number): readonly QuarantineRow[] {
    return this.#sql.all(SELECT_QUARANTINE, limit)
  }
}
