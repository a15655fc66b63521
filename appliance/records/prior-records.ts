import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

export const PRIOR_STATES = ['fetching', 'whole', 'partial', 'failed'] as const
export type PriorState = (typeof PRIOR_STATES)[number]

/** A search for the priors of a study that is due. */
export interface DueSearch {
  readonly studyId: number
  readonly attempts: number
}

/** An earlier study of the patient of the study that asked for it. */
export interface PriorRow {
  readonly priorId: number
  readonly studyInstanceUid: string
  readonly source: string
  readonly studyDate: string
  readonly modalities: string
  readonly state: PriorState
  readonly reason: string | null
  readonly instances: number
  readonly bytes: number
}

export interface PriorInstanceRow {
  readonly sopInstanceUid: string
  readonly sopClassUid: string
  readonly transferSyntaxUid: string
  readonly digest: string
  readonly bytes: number
}

/** What a search needs to know of the study that asks. */
export interface AskingStudy {
  readonly studyInstanceUid: string
  readonly studyPseudonym: string
  readonly patientId: string
  readonly patientBirthDate: string
  readonly studyDate: string
  readonly modalities: string
  /** Content of its first instance in the spool, null where there is none. */
  readonly digest: string | null
}

export const INSERT_SEARCH = `
INSERT INTO prior_search (study_id, state, next_attempt_at) VALUES (?, 'waiting', ?) ON CONFLICT DO NOTHING`
export const SELECT_DUE_SEARCHES = `
SELECT study_id AS studyId, attempts FROM prior_search WHERE state = 'waiting' AND next_attempt_at <= ?
ORDER BY next_attempt_at LIMIT ?`
export const POSTPONE_SEARCH = `
UPDATE prior_search SET attempts = attempts + 1, reason = ?, next_attempt_at = ? WHERE study_id = ?`
export const SETTLE_SEARCH = `
UPDATE prior_search SET state = ?, attempts = attempts + 1, reason = ? WHERE study_id = ?`
export const SELECT_ASKING = `
SELECT study_instance_uid AS studyInstanceUid, study_pseudonym AS studyPseudonym, patient_id AS patientId,
  patient_birth_date AS patientBirthDate, study_date AS studyDate, modalities,
  (SELECT i.digest FROM instance i WHERE i.study_id = s.study_id AND i.conflict = 0 ORDER BY i.instance_id LIMIT 1)
    AS digest
FROM study s WHERE study_id = ?`
export const INSERT_PRIOR = `
INSERT INTO prior_study (study_id, study_instance_uid, source, study_date, modalities, state)
VALUES (?, ?, ?, ?, ?, 'fetching')
ON CONFLICT (study_id, study_instance_uid) DO UPDATE SET source = excluded.source, reason = NULL,
  state = CASE state WHEN 'whole' THEN 'whole' ELSE 'fetching' END
RETURNING prior_id AS priorId, state`
export const SETTLE_PRIOR = 'UPDATE prior_study SET state = ?, reason = ?, settled_at = ? WHERE prior_id = ?'
export const INSERT_PRIOR_INSTANCE = `
INSERT INTO prior_instance (prior_id, sop_instance_uid, sop_class_uid, transfer_syntax_uid, digest, bytes)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
export const SELECT_PRIORS = `
SELECT p.prior_id AS priorId, p.study_instance_uid AS studyInstanceUid, p.source, p.study_date AS studyDate,
  p.modalities, p.state, p.reason,
  (SELECT count(*) FROM prior_instance i WHERE i.prior_id = p.prior_id) AS instances,
  (SELECT coalesce(sum(i.bytes), 0) FROM prior_instance i WHERE i.prior_id = p.prior_id) AS bytes
FROM prior_study p WHERE p.study_id = ? ORDER BY p.study_date DESC, p.prior_id`
export const SELECT_PRIOR_INSTANCES = `
SELECT sop_instance_uid AS sopInstanceUid, sop_class_uid AS sopClassUid, transfer_syntax_uid AS transferSyntaxUid,
  digest, bytes FROM prior_instance WHERE prior_id = ? ORDER BY sop_instance_uid`
export const SELECT_SEARCH_STATE = 'SELECT state FROM prior_search WHERE study_id = ?'
export const SELECT_PRIOR_DIGEST = 'SELECT prior_id FROM prior_instance WHERE digest = ? LIMIT 1'

/** Searches for priors, and the priors that were fetched. Priors are no studies of the worklist. */
export class PriorRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Asks for the priors of a study, once. @returns false when they were asked for before. */
  ask(studyId: number, at: number): boolean {
    return this.#sql.run(INSERT_SEARCH, studyId, at).changes === 1
  }

  due(at: number, limit: number): readonly DueSearch[] {
    return this.#sql.all(SELECT_DUE_SEARCHES, at, limit)
  }

  postpone(studyId: number, reason: string, at: number): void {
    this.#sql.run(POSTPONE_SEARCH, reason, at, studyId)
  }

  settle(studyId: number, state: 'done' | 'failed', reason: string | null): void {
    this.#sql.run(SETTLE_SEARCH, state, reason, studyId)
  }

  /** Where the search for the priors of a study stands; undefined when none was asked for. */
  searchState(studyId: number): 'waiting' | 'done' | 'failed' | undefined {
    return this.#sql.get<{ state: 'waiting' | 'done' | 'failed' }>(SELECT_SEARCH_STATE, studyId)?.state
  }

  asking(studyId: number): AskingStudy | undefined {
    return this.#sql.get(SELECT_ASKING, studyId)
  }

  /** Enters a prior that is about to be fetched; one that is whole already stays so. */
  begin(
    studyId: number,
    prior: Pick<PriorRow, 'studyInstanceUid' | 'source' | 'studyDate' | 'modalities'>,
  ): { readonly priorId: number; readonly state: PriorState } {
    const { studyInstanceUid, source, studyDate, modalities } = prior
    const row = this.#sql.get<{ priorId: number; state: PriorState }>(
      INSERT_PRIOR,
      studyId,
      studyInstanceUid,
      source,
      studyDate,
      modalities,
    )
    if (row === undefined) throw new Error('an insert returned no row')
    return row
  }

  end(priorId: number, state: PriorState, reason: string | null, at: number): void {
    this.#sql.run(SETTLE_PRIOR, state, reason, at, priorId)
  }

  add(priorId: number, instance: PriorInstanceRow): void {
    const { sopInstanceUid, sopClassUid, transferSyntaxUid, digest, bytes } = instance
    this.#sql.run(INSERT_PRIOR_INSTANCE, priorId, sopInstanceUid, sopClassUid, transferSyntaxUid, digest, bytes)
  }

  /** The priors of a study, newest first. */
  of(studyId: number): readonly PriorRow[] {
    return this.#sql.all(SELECT_PRIORS, studyId)
  }

  instances(priorId: number): readonly PriorInstanceRow[] {
    return this.#sql.all(SELECT_PRIOR_INSTANCES, priorId)
  }

  holdsDigest(digest: string): boolean {
    return this.#sql.get(SELECT_PRIOR_DIGEST, digest) !== undefined
  }
}
