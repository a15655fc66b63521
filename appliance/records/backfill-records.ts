import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'
import type { BackfillOutcome, BackfillState } from './vocabulary.ts'

/** One model over past studies. Times are milliseconds since 1970, dates as in (0008,0020). */
export interface BackfillJobRow {
  readonly jobId: number
  readonly modelName: string
  readonly modelVersion: string
  readonly modelDigest: string
  readonly fromDate: string | null
  readonly toDate: string | null
  readonly modality: string | null
  readonly windowFrom: string
  readonly windowTo: string
  readonly zone: string
  readonly deliver: 0 | 1
  readonly state: BackfillState
  readonly reason: string | null
  readonly cursor: number
  readonly lastStudy: number
  readonly total: number
  readonly createdAt: number
  readonly createdBy: string
  readonly finishedAt: number | null
}

/** What is decided when a job is made. */
export type NewBackfillJob = Omit<
  BackfillJobRow,
  'jobId' | 'state' | 'reason' | 'cursor' | 'lastStudy' | 'total' | 'finishedAt'
>

/** How many studies of a job ended how. */
export interface BackfillCount {
  readonly outcome: BackfillOutcome
  readonly studies: number
  readonly ms: number
}

const JOB_COLUMNS = `job_id AS jobId, model_name AS modelName, model_version AS modelVersion, model_digest AS modelDigest,
  from_date AS fromDate, to_date AS toDate, modality, window_from AS windowFrom, window_to AS windowTo, zone, deliver,
  state, reason, cursor, last_study AS lastStudy, total, created_at AS createdAt, created_by AS createdBy,
  finished_at AS finishedAt`
/** A study with a purged identity has no objects any more. A separator on both sides: CR is not a part of CRX. */
const BELONGS = `study_id > ? AND study_id <= ? AND study_instance_uid NOT LIKE 'purged:%'
  AND (? IS NULL OR study_date >= ?) AND (? IS NULL OR (study_date <> '' AND study_date <= ?))
  AND (? IS NULL OR instr('\\' || modalities || '\\', '\\' || ? || '\\') > 0)`

export const INSERT_BACKFILL_JOB = `
INSERT INTO backfill_job (model_name, model_version, model_digest, from_date, to_date, modality, window_from, window_to,
  zone, deliver, state, last_study, total, created_at, created_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?)`
export const SELECT_LAST_STUDY = 'SELECT coalesce(max(study_id), 0) AS lastStudy FROM study'
export const COUNT_BACKFILL_STUDIES = `SELECT count(*) AS total FROM study WHERE ${BELONGS}`
export const SELECT_NEXT_BACKFILL_STUDY = `
SELECT study_id AS studyId FROM study WHERE ${BELONGS} ORDER BY study_id LIMIT 1`
export const SELECT_CURRENT_REVISION = `
SELECT revision_id AS revisionId, assembly, processing FROM revision
WHERE study_id = ? AND superseded = 0 ORDER BY number DESC LIMIT 1`
export const SELECT_BACKFILL_JOBS = `SELECT ${JOB_COLUMNS} FROM backfill_job ORDER BY job_id DESC LIMIT ?`
export const SELECT_BACKFILL_JOB = `SELECT ${JOB_COLUMNS} FROM backfill_job WHERE job_id = ?`
export const SELECT_RUNNING_BACKFILLS = `SELECT ${JOB_COLUMNS} FROM backfill_job WHERE state = 'running' ORDER BY job_id`
export const SET_BACKFILL_STATE = `
UPDATE backfill_job SET state = ?, reason = ?, finished_at = ? WHERE job_id = ? AND state IN ('running','paused')`
export const ADVANCE_BACKFILL = `
UPDATE backfill_job SET cursor = ? WHERE job_id = ? AND cursor < ?`
export const INSERT_BACKFILL_STUDY = `
INSERT INTO backfill_study (job_id, study_id, outcome, reason, ms, done_at) VALUES (?, ?, ?, ?, ?, ?)`
export const COUNT_BACKFILL_OUTCOMES = `
SELECT outcome, count(*) AS studies, sum(ms) AS ms FROM backfill_study WHERE job_id = ? GROUP BY outcome`
export const SELECT_LAST_BACKFILL_OUTCOMES = `
SELECT outcome FROM backfill_study WHERE job_id = ? ORDER BY study_id DESC LIMIT ?`
export const SELECT_RESULT_OF_MODEL = `
SELECT 1 AS found FROM result WHERE revision_id = ? AND model_digest = ? LIMIT 1`
export const MARK_BACKFILL_RESULTS = `
UPDATE result SET backfill = ? WHERE revision_id = ? AND model_digest = ? AND backfill IS NULL`

/** Jobs that run a model over past studies, and how far they are. */
export class BackfillRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Makes a job over the studies that are known now. Inside the caller's transaction. @returns its number. */
  insert(job: NewBackfillJob): number {
    const { lastStudy } = this.#sql.get<{ lastStudy: number }>(SELECT_LAST_STUDY) ?? { lastStudy: 0 }
    const range = { ...job, cursor: 0, lastStudy }
    const { total } = this.#sql.get<{ total: number }>(COUNT_BACKFILL_STUDIES, ...belonging(range)) ?? { total: 0 }
    const { modelName, modelVersion, modelDigest, fromDate, toDate, modality, windowFrom, windowTo, zone } = job
    const asked = [modelName, modelVersion, modelDigest, fromDate, toDate, modality, windowFrom, windowTo, zone]
    const made = [job.deliver, lastStudy, total, job.createdAt, job.createdBy]
    return this.#sql.run(INSERT_BACKFILL_JOB, ...asked, ...made).lastInsertRowid
  }

  /** The next study of a job; undefined when none is left. */
  next(job: BackfillJobRow): number | undefined {
    return this.#sql.get<{ studyId: number }>(SELECT_NEXT_BACKFILL_STUDY, ...belonging(job))?.studyId
  }

  /** The revision of a study that counts now. */
  currentRevision(
    studyId: number,
  ): { readonly revisionId: number; readonly assembly: string; readonly processing: string } | undefined {
    return this.#sql.get(SELECT_CURRENT_REVISION, studyId)
  }

  /** Newest first. */
  jobs(limit: number): readonly BackfillJobRow[] {
    return this.#sql.all(SELECT_BACKFILL_JOBS, limit)
  }

  job(jobId: number): BackfillJobRow | undefined {
    return this.#sql.get(SELECT_BACKFILL_JOB, jobId)
  }

  /** Jobs to be worked on, oldest first. */
  running(): readonly BackfillJobRow[] {
    return this.#sql.all(SELECT_RUNNING_BACKFILLS)
  }

  /** Changes the state of a job that has not ended. @returns false when it has, or never was. */
  setState(jobId: number, state: BackfillState, reason: string | null, at: number): boolean {
    const finishedAt = state === 'cancelled' || state === 'finished' ? at : null
    return this.#sql.run(SET_BACKFILL_STATE, state, reason, finishedAt, jobId).changes === 1
  }

  /** Writes what became of a study and moves the cursor past it. Inside the caller's transaction. */
  advance(
    jobId: number,
    studyId: number,
    end: { readonly outcome: BackfillOutcome; readonly reason: string | null; readonly ms: number },
    at: number,
  ): void {
    this.#sql.run(INSERT_BACKFILL_STUDY, jobId, studyId, end.outcome, end.reason, Math.round(end.ms), at)
    this.#sql.run(ADVANCE_BACKFILL, studyId, jobId, studyId)
  }

  counts(jobId: number): readonly BackfillCount[] {
    return this.#sql.all(COUNT_BACKFILL_OUTCOMES, jobId)
  }

  /** The latest ends, newest first. */
  lastOutcomes(jobId: number, limit: number): readonly BackfillOutcome[] {
    return this.#sql
      .all<{ outcome: BackfillOutcome }>(SELECT_LAST_BACKFILL_OUTCOMES, jobId, limit)
      .map(({ outcome }) => outcome)
  }

  /** Whether a revision has a result of this very package. */
  hasResult(revisionId: number, digest: string): boolean {
    return this.#sql.get(SELECT_RESULT_OF_MODEL, revisionId, digest) !== undefined
  }

  /** Names the job as the maker of a model's results on a revision. */
  mark(jobId: number, revisionId: number, digest: string): void {
    this.#sql.run(MARK_BACKFILL_RESULTS, jobId, revisionId, digest)
  }
}

function belonging(
  range: Pick<BackfillJobRow, 'cursor' | 'lastStudy' | 'fromDate' | 'toDate' | 'modality'>,
): readonly unknown[] {
  const { cursor, lastStudy, fromDate, toDate, modality } = range
  return [cursor, lastStudy, fromDate, fromDate, toDate, toDate, modality, modality]
}
