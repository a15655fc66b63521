import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** States of a Performed Procedure Step (0040,0252). */
export const PROCEDURE_STEP_STATUSES = ['IN PROGRESS', 'COMPLETED', 'DISCONTINUED'] as const
export type ProcedureStepStatus = (typeof PROCEDURE_STEP_STATUSES)[number]

/** What a source was asked about a revision, and what it said. `instances` is null while it has not told. */
export interface AskedCount {
  readonly source: string
  /** Instances that were held when it was asked last. */
  readonly askedAtHeld: number
  readonly attempts: number
  /** When to ask again; null when it is not asked any more. */
  readonly nextAt: number | null
  readonly instances: number | null
}

/** Instances that some peer named for a study, and how many of them are not here. */
export interface Named {
  readonly instances: number
  readonly missing: number
}

/** A revision and where its instances came from. */
export interface RevisionOrigin {
  readonly studyInstanceUid: string
  readonly callingAeTitle: string
  readonly held: number
}

export const SELECT_REVISION_ORIGIN = `
SELECT s.study_instance_uid AS studyInstanceUid,
  (SELECT count(*) FROM revision_instance ri WHERE ri.revision_id = r.revision_id) AS held,
  coalesce((SELECT i.calling_ae_title FROM instance i WHERE i.study_id = s.study_id ORDER BY i.instance_id DESC LIMIT 1),
    '') AS callingAeTitle
FROM revision r JOIN study s ON s.study_id = r.study_id WHERE r.revision_id = ?`
export const SELECT_RECEIVING_OF_STUDY = `
SELECT r.revision_id AS revisionId FROM study s JOIN revision r ON r.study_id = s.study_id
WHERE s.study_instance_uid = ? AND r.number = s.current_revision AND r.assembly = 'receiving'`
export const SELECT_COUNT = `
SELECT source, asked_at_held AS askedAtHeld, attempts, next_at AS nextAt, instances FROM revision_count
WHERE revision_id = ?`
export const PUT_COUNT = `
INSERT INTO revision_count (revision_id, source, asked_at_held, attempts, next_at, instances) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (revision_id) DO UPDATE SET source = excluded.source, asked_at_held = excluded.asked_at_held,
  attempts = excluded.attempts, next_at = excluded.next_at, instances = excluded.instances`
export const SET_EXPECTED = 'UPDATE revision SET expected_instances = ? WHERE revision_id = ?'

export const INSERT_STEP = `
INSERT INTO procedure_step (sop_instance_uid, status, calling_ae_title, changed_at) VALUES (?, ?, ?, ?)
ON CONFLICT (sop_instance_uid) DO NOTHING`
export const SELECT_STEP = 'SELECT step_id AS stepId, status FROM procedure_step WHERE sop_instance_uid = ?'
export const SET_STEP = 'UPDATE procedure_step SET status = ?, changed_at = ? WHERE step_id = ?'
export const INSERT_STEP_STUDY = `
INSERT INTO procedure_step_study (study_instance_uid, step_id) VALUES (?, ?) ON CONFLICT DO NOTHING`
export const SELECT_STEP_STUDIES = `
SELECT study_instance_uid AS studyInstanceUid FROM procedure_step_study WHERE step_id = ?`
export const CLEAR_STEP_INSTANCES = 'DELETE FROM procedure_step_instance WHERE step_id = ?'
export const INSERT_STEP_INSTANCE = `
INSERT INTO procedure_step_instance (step_id, sop_instance_uid) VALUES (?, ?) ON CONFLICT DO NOTHING`
export const FORGET_STEPS = 'DELETE FROM procedure_step WHERE changed_at < ?'
export const SELECT_STUDY_STEPS = `
SELECT count(*) AS steps, coalesce(sum(p.status = 'IN PROGRESS'), 0) AS inProgress
FROM procedure_step_study t JOIN procedure_step p ON p.step_id = t.step_id WHERE t.study_instance_uid = ?`
export const COUNT_STEP_INSTANCES = `
SELECT count(*) AS instances, coalesce(sum(NOT EXISTS (
  SELECT 1 FROM instance i WHERE i.sop_instance_uid = n.sop_instance_uid)), 0) AS missing
FROM procedure_step_study t JOIN procedure_step_instance n ON n.step_id = t.step_id WHERE t.study_instance_uid = ?`

export const INSERT_ANNOUNCED = `
INSERT INTO announced_instance (study_instance_uid, sop_instance_uid, announced_at) VALUES (?, ?, ?)
ON CONFLICT DO NOTHING`
export const FORGET_ANNOUNCED = 'DELETE FROM announced_instance WHERE announced_at < ?'
export const COUNT_ANNOUNCED = `
SELECT count(*) AS instances, coalesce(sum(NOT EXISTS (
  SELECT 1 FROM instance i WHERE i.sop_instance_uid = n.sop_instance_uid)), 0) AS missing
FROM announced_instance n WHERE n.study_instance_uid = ?`

/** What peers said about how much belongs to a study. What a method did is on disk when its transaction is. */
export class EvidenceRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  originOf(revisionId: number): RevisionOrigin | undefined {
    return this.#sql.get(SELECT_REVISION_ORIGIN, revisionId)
  }

  /** The revision of a study that may still grow. */
  receivingOf(studyInstanceUid: string): number | undefined {
    return this.#sql.get<{ revisionId: number }>(SELECT_RECEIVING_OF_STUDY, studyInstanceUid)?.revisionId
  }

  countOf(revisionId: number): AskedCount | undefined {
    return this.#sql.get(SELECT_COUNT, revisionId)
  }

  putCount(revisionId: number, { source, askedAtHeld, attempts, nextAt, instances }: AskedCount): void {
    this.#sql.run(PUT_COUNT, revisionId, source, askedAtHeld, attempts, nextAt, instances)
  }

  /** Keeps with a closed revision how many instances were named for it. */
  setExpected(revisionId: number, instances: number): void {
    this.#sql.run(SET_EXPECTED, instances, revisionId)
  }

  /** @returns false when a step with this UID is there already. */
  createStep(
    sopInstanceUid: string,
    status: ProcedureStepStatus,
    callingAeTitle: string,
    studies: readonly string[],
    at: number,
  ): boolean {
    const inserted = this.#sql.run(INSERT_STEP, sopInstanceUid, status, callingAeTitle, at)
    if (inserted.changes === 0) return false
    for (const study of studies) this.#sql.run(INSERT_STEP_STUDY, study, inserted.lastInsertRowid)
    return true
  }

  step(sopInstanceUid: string): { readonly stepId: number; readonly status: ProcedureStepStatus } | undefined {
    return this.#sql.get(SELECT_STEP, sopInstanceUid)
  }

  setStep(stepId: number, status: ProcedureStepStatus, at: number): void {
    this.#sql.run(SET_STEP, status, at, stepId)
  }

  /** Replaces what a step names as made: each N-SET holds the whole list (PS3.4 F.7.2.2). */
  setStepInstances(stepId: number, instances: readonly string[]): void {
    this.#sql.run(CLEAR_STEP_INSTANCES, stepId)
    for (const uid of instances) this.#sql.run(INSERT_STEP_INSTANCE, stepId, uid)
  }

  studiesOfStep(stepId: number): readonly string[] {
    return this.#sql.all<{ studyInstanceUid: string }>(SELECT_STEP_STUDIES, stepId).map((row) => row.studyInstanceUid)
  }

  /** Steps of a study, and those still under way. */
  steps(studyInstanceUid: string): { readonly steps: number; readonly inProgress: number } {
    return this.#sql.get(SELECT_STUDY_STEPS, studyInstanceUid) ?? { steps: 0, inProgress: 0 }
  }

  stepInstances(studyInstanceUid: string): Named {
    return this.#sql.get(COUNT_STEP_INSTANCES, studyInstanceUid) ?? { instances: 0, missing: 0 }
  }

  announce(studyInstanceUid: string, instances: readonly string[], at: number): void {
    for (const uid of instances) this.#sql.run(INSERT_ANNOUNCED, studyInstanceUid, uid, at)
  }

  announced(studyInstanceUid: string): Named {
    return this.#sql.get(COUNT_ANNOUNCED, studyInstanceUid) ?? { instances: 0, missing: 0 }
  }

  /** Removes what is older and was of use to nobody. */
  forget(before: number): void {
    this.#sql.run(FORGET_STEPS, before)
    this.#sql.run(FORGET_ANNOUNCED, before)
  }
}
