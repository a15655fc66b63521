import type { Database } from 'better-sqlite3'
import { ERASE_IDENTITY } from './identity-erasure.ts'
import { Prepared } from './prepared.ts'

/** A finished study that may be old enough to go. */
export interface Candidate {
  readonly studyId: number
  readonly studyPseudonym: string
  readonly patientPseudonym: string
  readonly modalities: string
  readonly instances: number
  readonly lastReceivedAt: number
}

/** What the retention rules look at; counts are of things that stand in the way. */
export interface CandidateFacts {
  readonly open: number
  readonly completedAt: number | null
  readonly pendingDeliveries: number
  readonly deadDeliveries: number
  readonly deliveredAt: number | null
  readonly unacknowledged: number
  readonly holds: number
  readonly bytes: number
  /** The rules' decision about the current revision as JSON; null where there is none. */
  readonly decision: string | null
}

export interface HoldRow {
  readonly holdId: number
  /** Pseudonym of the study; null for a patient's hold. */
  readonly study: string | null
  readonly patient: string | null
  readonly reason: string
  readonly placedBy: string
  readonly placedAt: number
  readonly liftedBy: string | null
  readonly liftedReason: string | null
  readonly liftedAt: number | null
}

export interface PurgeRow {
  readonly study: string
  readonly rule: string
  readonly instances: number
  readonly bytes: number
  readonly purgedAt: number
  readonly settledAt: number | null
}

/** A file that is nobody's any more: of a received instance, or of a fetched prior. */
export interface FileToRemove {
  readonly place: 'spool' | 'priors'
  readonly digest: string
}

export const SELECT_CANDIDATES = `
SELECT study_id AS studyId, study_pseudonym AS studyPseudonym, patient_pseudonym AS patientPseudonym, modalities,
  instance_count AS instances, last_received_at AS lastReceivedAt
FROM study WHERE (last_received_at, study_id) > (?, ?) AND last_received_at <= ?
AND study_instance_uid NOT LIKE 'purged:%' ORDER BY last_received_at, study_id LIMIT ?`
export const SELECT_CANDIDATE_FACTS = `
SELECT
  (SELECT count(*) FROM revision r WHERE r.study_id = s.study_id
    AND (r.processing = 'running' OR (r.superseded = 0 AND (r.assembly = 'receiving' OR r.processing = 'queued')))) AS open,
  (SELECT max(r.completed_at) FROM revision r WHERE r.study_id = s.study_id) AS completedAt,
  (SELECT count(*) FROM revision r JOIN report p ON p.revision_id = r.revision_id JOIN delivery d ON d.report_id = p.report_id
    WHERE r.study_id = s.study_id AND d.state = 'pending') AS pendingDeliveries,
  (SELECT count(*) FROM revision r JOIN report p ON p.revision_id = r.revision_id JOIN delivery d ON d.report_id = p.report_id
    WHERE r.study_id = s.study_id AND d.state = 'dead' AND coalesce(d.last_reason, '') NOT IN ('superseded', 'dropped')) AS deadDeliveries,
  (SELECT max(d.settled_at) FROM revision r JOIN report p ON p.revision_id = r.revision_id
    JOIN delivery d ON d.report_id = p.report_id WHERE r.study_id = s.study_id AND d.state = 'accepted') AS deliveredAt,
  (SELECT count(*) FROM envelope e JOIN egress_counter c ON c.epoch = e.epoch AND c.stream = e.stream
    WHERE e.study_id = s.study_id AND e.sequence > c.acknowledged) AS unacknowledged,
  (SELECT count(*) FROM legal_hold h WHERE h.lifted_at IS NULL AND h.study_id = s.study_id)
  + (SELECT count(*) FROM legal_hold h WHERE h.lifted_at IS NULL AND h.patient_pseudonym = s.patient_pseudonym)
  + (SELECT count(*) FROM legal_hold h JOIN study_received v ON v.patient_pseudonym = h.patient_pseudonym
      WHERE h.lifted_at IS NULL AND v.study_id = s.study_id AND v.patient_pseudonym <> s.patient_pseudonym) AS holds,
  (SELECT coalesce(sum(i.bytes), 0) FROM instance i WHERE i.study_id = s.study_id AND i.purged_at IS NULL) AS bytes,
  (SELECT o.decision FROM revision r JOIN revision_route o ON o.revision_id = r.revision_id
    WHERE r.study_id = s.study_id AND r.number = s.current_revision) AS decision
FROM study s WHERE s.study_id = ?`
export const SELECT_CALLERS = 'SELECT DISTINCT calling_ae_title AS title FROM instance WHERE study_id = ? LIMIT 16'
export const INSERT_PURGE = `
INSERT INTO purge (study_id, rule, instances, bytes, purged_at) VALUES (?, ?, ?, ?, ?)`
export const INSERT_PURGE_FILES = `
INSERT OR IGNORE INTO purge_file (place, digest)
SELECT 'spool', digest FROM instance WHERE study_id = ? AND purged_at IS NULL`
export const INSERT_PURGE_PRIOR_FILES = `
INSERT OR IGNORE INTO purge_file (place, digest)
SELECT 'priors', i.digest FROM prior_instance i JOIN prior_study p ON p.prior_id = i.prior_id WHERE p.study_id = ?`
export const INSERT_OLD_PRIOR_FILES = `
INSERT OR IGNORE INTO purge_file (place, digest) SELECT 'priors', digest FROM prior_instance WHERE prior_id = ?`
export const SELECT_PURGE_FILES = 'SELECT place, digest FROM purge_file LIMIT ?'
export const DELETE_PURGE_FILE = 'DELETE FROM purge_file WHERE place = ? AND digest = ?'
export const SELECT_SPOOLED = 'SELECT 1 FROM instance WHERE digest = ? LIMIT 1'
export const SELECT_PRIOR_HELD = 'SELECT 1 FROM prior_instance WHERE digest = ? LIMIT 1'
export const COUNT_UNSETTLED = 'SELECT count(*) AS count FROM purge WHERE settled_at IS NULL'
export const SETTLE_PURGES = 'UPDATE purge SET settled_at = ? WHERE settled_at IS NULL'
export const SELECT_PURGES = `
SELECT s.study_pseudonym AS study, p.rule, p.instances, p.bytes, p.purged_at AS purgedAt, p.settled_at AS settledAt
FROM purge p JOIN study s ON s.study_id = p.study_id ORDER BY p.purged_at DESC LIMIT ?`
export const INSERT_HOLD = `
INSERT INTO legal_hold (study_id, patient_pseudonym, reason, placed_by, placed_at) VALUES (?, ?, ?, ?, ?)`
export const LIFT_HOLD = `
UPDATE legal_hold SET lifted_by = ?, lifted_reason = ?, lifted_at = ? WHERE hold_id = ? AND lifted_at IS NULL`
export const SELECT_HOLDS = `
SELECT h.hold_id AS holdId, s.study_pseudonym AS study, h.patient_pseudonym AS patient, h.reason,
  h.placed_by AS placedBy, h.placed_at AS placedAt, h.lifted_by AS liftedBy, h.lifted_reason AS liftedReason,
  h.lifted_at AS liftedAt
FROM legal_hold h LEFT JOIN study s ON s.study_id = h.study_id
ORDER BY h.lifted_at IS NOT NULL, h.placed_at DESC LIMIT ?`
export const SELECT_PATIENT = 'SELECT 1 FROM study WHERE patient_pseudonym = ? LIMIT 1'
export const SELECT_OLD_QUARANTINE = `
SELECT instance_id AS instanceId FROM instance
WHERE study_id IS NULL AND purged_at IS NULL AND received_at <= ? LIMIT ?`
export const INSERT_QUARANTINE_FILE = `
INSERT OR IGNORE INTO purge_file (place, digest) SELECT 'spool', digest FROM instance WHERE instance_id = ?`
export const ERASE_INSTANCE = `
UPDATE instance SET sop_instance_uid = 'purged:' || instance_id, digest = 'purged:' || instance_id,
  series_instance_uid = NULL, remote_address = '', purged_at = ? WHERE instance_id = ?`
export const SELECT_OLD_PRIORS = `
SELECT p.prior_id AS priorId FROM prior_study p JOIN study s ON s.study_id = p.study_id
WHERE p.settled_at <= ?
AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_at IS NULL
  AND (h.study_id = s.study_id OR h.patient_pseudonym = s.patient_pseudonym)) LIMIT ?`
export const DELETE_PRIOR_INSTANCES = 'DELETE FROM prior_instance WHERE prior_id = ?'
export const DELETE_PRIOR = 'DELETE FROM prior_study WHERE prior_id = ?'

/** Legal holds, what may go, and what has gone. */
export class RetentionRecords {
  readonly #sql: Prepared
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
    this.#sql = new Prepared(database)
  }

  /** Studies that are still whole and got their last instance at or before `until`, oldest first, after a place. */
  candidates(
    after: { readonly lastReceivedAt: number; readonly studyId: number },
    until: number,
    limit: number,
  ): readonly Candidate[] {
    return this.#sql.all(SELECT_CANDIDATES, after.lastReceivedAt, after.studyId, until, limit)
  }

  facts(studyId: number): CandidateFacts | undefined {
    return this.#sql.get(SELECT_CANDIDATE_FACTS, studyId)
  }

  callers(studyId: number): readonly string[] {
    return this.#sql.all<{ title: string }>(SELECT_CALLERS, studyId).map((row) => row.title)
  }

  /**
   * Blanks everything in the record that tells whose study it was, and notes which files are still to be removed. Inside the
   * caller's transaction, together with the destruction of the study's key.
   */
  erase(
    study: { readonly studyId: number; readonly instances: number },
    rule: string,
    bytes: number,
    at: number,
  ): void {
    const { studyId, instances } = study
    this.#sql.run(INSERT_PURGE, studyId, rule, instances, bytes, at)
    this.#sql.run(INSERT_PURGE_FILES, studyId)
    this.#sql.run(INSERT_PURGE_PRIOR_FILES, studyId)
    for (const sql of ERASE_IDENTITY) {
      const named = sql.includes('$at') ? { study: studyId, at } : { study: studyId }
      this.#database.prepare(sql).run(named)
    }
  }

  /** Digests of files that nobody may read any more and that are still there, some at a time. */
  filesToRemove(limit: number): readonly FileToRemove[] {
    return this.#sql.all(SELECT_PURGE_FILES, limit)
  }

  /** True when a registered instance has this content: it came again, and its file is its own. */
  isInUse({ place, digest }: FileToRemove): boolean {
    return this.#sql.get(place === 'spool' ? SELECT_SPOOLED : SELECT_PRIOR_HELD, digest) !== undefined
  }

  fileRemoved({ place, digest }: FileToRemove): void {
    this.#sql.run(DELETE_PURGE_FILE, place, digest)
  }

  unsettled(): number {
    return this.#sql.get<{ count: number }>(COUNT_UNSETTLED)?.count ?? 0
  }

  settle(at: number): void {
    this.#sql.run(SETTLE_PURGES, at)
  }

  /**
   * Brings every page that was written over into the database file and empties the log beside it. Pages hold nothing of
   * what was deleted, because `secure_delete` is on. @returns false when a reader was in the way.
   */
  writeOver(): boolean {
    const [row] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
    return row?.busy === 0
  }

  /** From now on what is deleted is overwritten with zeros, in this connection. */
  deleteSecurely(): void {
    this.#database.pragma('secure_delete = ON')
  }

  purges(limit: number): readonly PurgeRow[] {
    return this.#sql.all(SELECT_PURGES, limit)
  }

  /** @returns the hold's number. */
  placeHold(
    on: { readonly studyId: number } | { readonly patientPseudonym: string },
    reason: string,
    placedBy: string,
    at: number,
  ): number {
    const studyId = 'studyId' in on ? on.studyId : null
    const patient = 'studyId' in on ? null : on.patientPseudonym
    return this.#sql.run(INSERT_HOLD, studyId, patient, reason, placedBy, at).lastInsertRowid
  }

  /** @returns false when there is no such hold in force. */
  liftHold(holdId: number, reason: string, liftedBy: string, at: number): boolean {
    return this.#sql.run(LIFT_HOLD, liftedBy, reason, at, holdId).changes === 1
  }

  /** Holds in force first. */
  holds(limit: number): readonly HoldRow[] {
    return this.#sql.all(SELECT_HOLDS, limit)
  }

  knowsPatient(pseudonym: string): boolean {
    return this.#sql.get(SELECT_PATIENT, pseudonym) !== undefined
  }

  /** Instances of no study that came at or before `until`: they were set aside, and whose they are nobody knows. */
  oldQuarantine(until: number, limit: number): readonly number[] {
    return this.#sql.all<{ instanceId: number }>(SELECT_OLD_QUARANTINE, until, limit).map((row) => row.instanceId)
  }

  /** Blanks an instance of no study and notes its file. Inside the caller's transaction. */
  eraseInstance(instanceId: number, at: number): void {
    this.#sql.run(INSERT_QUARANTINE_FILE, instanceId)
    this.#sql.run(ERASE_INSTANCE, at, instanceId)
  }

  /** Fetched priors that were settled at or before `until`; those of studies under a hold stay. */
  oldPriors(until: number, limit: number): readonly number[] {
    return this.#sql.all<{ priorId: number }>(SELECT_OLD_PRIORS, until, limit).map((row) => row.priorId)
  }

  /** Forgets a prior and notes its files. Inside the caller's transaction. */
  forgetPrior(priorId: number): void {
    this.#sql.run(INSERT_OLD_PRIOR_FILES, priorId)
    this.#sql.run(DELETE_PRIOR_INSTANCES, priorId)
    this.#sql.run(DELETE_PRIOR, priorId)
  }
}
