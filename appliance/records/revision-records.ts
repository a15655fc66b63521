import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'
import type { CompletionReason, ProcessingState } from './vocabulary.ts'

/** A revision that may still grow. Times are milliseconds since 1970. */
export interface ReceivingRevision {
  readonly revisionId: number
  readonly studyId: number
  readonly openedAt: number
  readonly lastInstanceAt: number
}

/** A complete revision that waits for work, with what the work needs to know of its study. */
export interface WaitingRevision {
  readonly revisionId: number
  readonly studyId: number
  readonly number: number
  readonly attempts: number
  readonly urgent: 0 | 1
  readonly studyInstanceUid: string
  readonly studyPseudonym: string
  readonly patientPseudonym: string
  readonly patientId: string
  readonly accessionNumber: string
}

/** One instance of a revision. */
export interface RevisionInstance {
  readonly ordinal: number
  readonly instanceId: number
  readonly digest: string
  readonly bytes: number
  readonly sopInstanceUid: string
  readonly sopClassUid: string
}

export const SELECT_RECEIVING = `
SELECT revision_id AS revisionId, study_id AS studyId, opened_at AS openedAt, last_instance_at AS lastInstanceAt
FROM revision WHERE assembly = 'receiving'`
export const COMPLETE_REVISION = `
UPDATE revision SET assembly = 'complete', completion_reason = ?, completed_at = ?
WHERE revision_id = ? AND assembly = 'receiving'`
export const SELECT_REVISION_WORK = `
SELECT r.revision_id AS revisionId, r.study_id AS studyId, r.number, r.attempts, r.urgent,
  s.study_instance_uid AS studyInstanceUid, s.study_pseudonym AS studyPseudonym,
  s.patient_pseudonym AS patientPseudonym, s.patient_id AS patientId, s.accession_number AS accessionNumber
FROM revision r JOIN study s ON s.study_id = r.study_id WHERE r.revision_id = ?`
export const START_REVISION = `
UPDATE revision SET processing = 'running', attempts = attempts + 1, started_at = ?
WHERE revision_id = ? AND assembly = 'complete' AND processing = 'queued' AND superseded = 0`
export const REQUEUE_RUNNING = `
UPDATE revision SET processing = CASE superseded WHEN 1 THEN 'not-scored' ELSE 'queued' END,
  reason = CASE superseded WHEN 1 THEN 'superseded' ELSE reason END,
  finished_at = CASE superseded WHEN 1 THEN ? ELSE NULL END
WHERE processing = 'running'`
export const FINISH_REVISION = `
UPDATE revision SET processing = ?, reason = ?, finished_at = ? WHERE revision_id = ? AND processing = 'running'`
export const PUT_BACK_REVISION = `
UPDATE revision SET processing = CASE superseded WHEN 1 THEN 'not-scored' ELSE 'queued' END,
  reason = CASE superseded WHEN 1 THEN 'superseded' ELSE reason END, attempts = attempts - ?
WHERE revision_id = ? AND processing = 'running'`
export const SELECT_SUPERSEDED = 'SELECT superseded FROM revision WHERE revision_id = ?'
export const SELECT_REVISION_INSTANCES = `
SELECT ri.ordinal, i.instance_id AS instanceId, i.digest, i.bytes, i.sop_instance_uid AS sopInstanceUid,
  i.sop_class_uid AS sopClassUid
FROM revision_instance ri JOIN instance i ON i.instance_id = ri.instance_id
WHERE ri.revision_id = ? AND ri.withdrawn IS NULL ORDER BY ri.ordinal`
export const SELECT_OPEN_DIGESTS = `
SELECT DISTINCT i.digest FROM revision r JOIN revision_instance ri ON ri.revision_id = r.revision_id
JOIN instance i ON i.instance_id = ri.instance_id
WHERE r.superseded = 0 AND (r.assembly = 'receiving' OR r.processing IN ('queued','running'))`
export const COUNT_UNFINISHED = `
SELECT
  (SELECT count(*) FROM revision WHERE assembly = 'receiving') AS receiving,
  (SELECT count(*) FROM revision WHERE assembly = 'complete' AND processing = 'queued' AND superseded = 0) AS queued,
  (SELECT count(*) FROM revision WHERE processing = 'running') AS running,
  -- off-peak and held work waits on purpose
  (SELECT min(completed_at) FROM revision WHERE assembly = 'complete' AND processing = 'queued' AND superseded = 0
    AND (lane IS NULL OR lane <= 2))
    AS oldestQueuedAt`

/** How much work is open. `oldestQueuedAt` is null when nothing waits. */
export interface OpenWork {
  readonly receiving: number
  readonly queued: number
  readonly running: number
  readonly oldestQueuedAt: number | null
}

/** Revisions and the work on them. The revision's own row is the durable job. */
export class RevisionRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Every revision that may still grow. */
  receiving(): readonly ReceivingRevision[] {
    return this.#sql.all(SELECT_RECEIVING)
  }

  /** Closes a revision. @returns false when it was closed already. */
  complete(revisionId: number, reason: CompletionReason, at: number): boolean {
    return this.#sql.run(COMPLETE_REVISION, reason, at, revisionId).changes === 1
  }

  /** Marks a waiting revision running. @returns undefined when it waits no more. */
  claim(revisionId: number, at: number): WaitingRevision | undefined {
    if (this.#sql.run(START_REVISION, at, revisionId).changes === 0) return undefined
    return this.#sql.get<WaitingRevision>(SELECT_REVISION_WORK, revisionId)
  }

  /** What the work on a revision needs to know of it now. */
  work(revisionId: number): WaitingRevision | undefined {
    return this.#sql.get(SELECT_REVISION_WORK, revisionId)
  }

  /** After a restart: what was running waits again. @returns how many. */
  requeueRunning(at: number): number {
    return this.#sql.run(REQUEUE_RUNNING, at).changes
  }

  /** Ends the work on a revision. @returns false when it was not running. */
  finish(revisionId: number, processing: ProcessingState, reason: string | null, at: number): boolean {
    return this.#sql.run(FINISH_REVISION, processing, reason, at, revisionId).changes === 1
  }

  /** Work that could not be done now waits again; the attempt counts unless the revision had no part in it. */
  putBack(revisionId: number, counts: boolean): void {
    this.#sql.run(PUT_BACK_REVISION, counts ? 0 : 1, revisionId)
  }

  /** True when a later revision of the same study exists. */
  isSuperseded(revisionId: number): boolean {
    return this.#sql.get<{ superseded: number }>(SELECT_SUPERSEDED, revisionId)?.superseded === 1
  }

  /** The instances of a revision that count, in the order of their arrival: those withdrawn by a note are left out. */
  instances(revisionId: number): readonly RevisionInstance[] {
    return this.#sql.all(SELECT_REVISION_INSTANCES, revisionId)
  }

  /** Digests of the instances that open revisions still need. */
  openDigests(): readonly string[] {
    return this.#sql.all<{ digest: string }>(SELECT_OPEN_DIGESTS).map((row) => row.digest)
  }

  /** Counts of open work. */
  openWork(): OpenWork {
    const row = this.#sql.get<OpenWork>(COUNT_UNFINISHED)
    if (row === undefined) throw new Error('an aggregate query returned no row')
    return row
  }
}
