import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

export const CANDIDATE_ROLES = ['canary', 'arm', 'shadow'] as const
export type CandidateRole = (typeof CANDIDATE_ROLES)[number]

/** `stopped`: by the appliance, and waits for a person to look; the others are ends. */
export const CANDIDATE_STATES = ['running', 'stopped', 'ended', 'promoted'] as const
export type CandidateState = (typeof CANDIDATE_STATES)[number]

/** A version that runs, or ran, beside the one in use. `slots` and `guardrails` are JSON text. */
export interface CandidateRow {
  readonly candidateId: number
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly championDigest: string
  readonly role: CandidateRole
  readonly slots: string
  readonly guardrails: string
  readonly state: CandidateState
  readonly reason: string | null
  readonly startedBy: string
  readonly startedAt: number
  readonly endedAt: number | null
}

export interface TallyRow {
  readonly measure: string
  readonly code: string
  readonly bin: number
  readonly count: number
}

/** What was in force from some time on. `content` is JSON text. */
export interface DeploymentRow {
  readonly deploymentId: number
  readonly name: string
  readonly championDigest: string
  readonly content: string
  readonly cause: string
  readonly changedBy: string
  readonly changedAt: number
}

/** With what a revision was scored by one model. `inputs` is JSON text. */
export interface ModelUseRow {
  readonly name: string
  readonly version: string
  readonly digest: string
  readonly deploymentId: number | null
  readonly arm: 'champion' | 'canary' | 'arm'
  readonly inputs: string
}

export interface ShadowJobRow {
  readonly jobId: number
  readonly revisionId: number
  readonly candidateId: number
  readonly attempts: number
}

const CANDIDATE = `candidate_id AS candidateId, model_name AS name, model_version AS version, model_digest AS digest,
  champion_digest AS championDigest, role, slots, guardrails, state, reason, started_by AS startedBy,
  started_at AS startedAt, ended_at AS endedAt`
export const ADMIT = `
INSERT INTO model_admitted (model_digest, admitted_at) VALUES (?, ?) ON CONFLICT DO NOTHING`
export const SELECT_ADMITTED = `
SELECT 1 AS admitted FROM model_admitted a JOIN model m ON m.model_digest = a.model_digest
WHERE a.model_digest = ? AND m.state IN ('active','retained','staged')
  AND NOT EXISTS (SELECT 1 FROM model_recall r WHERE r.model_digest = a.model_digest)`
export const SELECT_POLICY = 'SELECT new_versions AS newVersions FROM deployment_policy WHERE model_name = ?'
export const PUT_POLICY = `
INSERT INTO deployment_policy (model_name, new_versions) VALUES (?, ?)
ON CONFLICT (model_name) DO UPDATE SET new_versions = excluded.new_versions`
export const INSERT_DEPLOYMENT = `
INSERT INTO deployment (model_name, champion_digest, content, cause, changed_by, changed_at) VALUES (?, ?, ?, ?, ?, ?)`
export const SELECT_DEPLOYMENT_IN_FORCE = `
SELECT deployment_id AS deploymentId FROM deployment WHERE model_name = ? ORDER BY deployment_id DESC LIMIT 1`
export const SELECT_DEPLOYMENTS = `
SELECT deployment_id AS deploymentId, model_name AS name, champion_digest AS championDigest, content, cause,
  changed_by AS changedBy, changed_at AS changedAt FROM deployment ORDER BY deployment_id DESC LIMIT ?`
export const INSERT_CANDIDATE = `
INSERT INTO deployment_candidate (model_name, model_version, model_digest, champion_digest, role, slots, guardrails,
  state, started_by, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)`
export const SELECT_RUNNING_CANDIDATES = `
SELECT ${CANDIDATE} FROM deployment_candidate WHERE model_name = ? AND state = 'running' ORDER BY candidate_id`
export const SELECT_CANDIDATES = `SELECT ${CANDIDATE} FROM deployment_candidate ORDER BY candidate_id DESC LIMIT ?`
export const SELECT_OPEN_CANDIDATES = `
SELECT ${CANDIDATE} FROM deployment_candidate WHERE state IN ('running','stopped') ORDER BY candidate_id`
export const SELECT_CANDIDATE = `SELECT ${CANDIDATE} FROM deployment_candidate WHERE candidate_id = ?`
export const SET_SLOTS = `UPDATE deployment_candidate SET slots = ? WHERE candidate_id = ? AND state = 'running'`
export const END_CANDIDATE = `
UPDATE deployment_candidate SET state = ?, reason = ?, slots = '[]', ended_at = ?
WHERE candidate_id = ? AND state IN ('running','stopped')`
export const ADD_TALLY = `
INSERT INTO deployment_tally (candidate_id, measure, code, bin, count, released) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (candidate_id, measure, code, bin) DO UPDATE SET count = count + excluded.count,
  released = released + excluded.released`
export const SELECT_TALLIES = `
SELECT measure, code, bin, count FROM deployment_tally WHERE candidate_id = ? ORDER BY measure, code, bin`
export const SELECT_RIPE_TALLIES = `
SELECT measure, code, bin, count - released AS count FROM deployment_tally
WHERE candidate_id = ? AND count - released >= ? ORDER BY measure, code, bin`
export const RELEASE_TALLY = `
UPDATE deployment_tally SET released = released + ? WHERE candidate_id = ? AND measure = ? AND code = ? AND bin = ?`
export const SELECT_ARM = 'SELECT model_digest AS digest FROM study_arm WHERE study_id = ? AND model_name = ?'
export const PUT_ARM = `
INSERT INTO study_arm (study_id, model_name, model_digest) VALUES (?, ?, ?)
ON CONFLICT (study_id, model_name) DO UPDATE SET model_digest = excluded.model_digest`
export const INSERT_USE = `
INSERT INTO model_use (revision_id, model_name, model_version, model_digest, deployment_id, arm, inputs)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
export const SELECT_USES = `
SELECT model_name AS name, model_version AS version, model_digest AS digest, deployment_id AS deploymentId, arm, inputs
FROM model_use WHERE revision_id = ?`
export const INSERT_SHADOW_JOB = `
INSERT INTO shadow_job (revision_id, candidate_id, next_attempt_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
export const SELECT_DUE_SHADOW_JOB = `
SELECT job_id AS jobId, revision_id AS revisionId, candidate_id AS candidateId, attempts FROM shadow_job
WHERE next_attempt_at <= ? ORDER BY next_attempt_at LIMIT 1`
export const COUNT_SHADOW_JOBS = 'SELECT count(*) AS count FROM shadow_job WHERE candidate_id = ?'
export const POSTPONE_SHADOW_JOB = `
UPDATE shadow_job SET attempts = attempts + ?, next_attempt_at = ? WHERE job_id = ?`
export const DELETE_SHADOW_JOB = 'DELETE FROM shadow_job WHERE job_id = ?'
export const DELETE_SHADOW_JOBS_OF_CANDIDATE = 'DELETE FROM shadow_job WHERE candidate_id = ?'

/** Versions beside the one in use, their counts, and the work in the shadow. */
export class DeploymentRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** Notes that this appliance has verified a version: approvals, bytes, golden cases. */
  admit(digest: string, at: number): void {
    this.#sql.run(ADMIT, digest, at)
  }

  /** Whether a version was verified here and has not been refused since. */
  isAdmitted(digest: string): boolean {
    return this.#sql.get(SELECT_ADMITTED, digest) !== undefined
  }

  newVersions(name: string): 'activate' | 'stage' {
    return this.#sql.get<{ newVersions: 'activate' | 'stage' }>(SELECT_POLICY, name)?.newVersions ?? 'activate'
  }

  setNewVersions(name: string, newVersions: 'activate' | 'stage'): void {
    this.#sql.run(PUT_POLICY, name, newVersions)
  }

  insertDeployment(row: Omit<DeploymentRow, 'deploymentId'>): void {
    const { name, championDigest, content, cause, changedBy, changedAt } = row
    this.#sql.run(INSERT_DEPLOYMENT, name, championDigest, content, cause, changedBy, changedAt)
  }

  /** The number of what is in force for a model; null when nothing was ever set. */
  inForce(name: string): number | null {
    return this.#sql.get<{ deploymentId: number }>(SELECT_DEPLOYMENT_IN_FORCE, name)?.deploymentId ?? null
  }

  history(limit: number): readonly DeploymentRow[] {
    return this.#sql.all(SELECT_DEPLOYMENTS, limit)
  }

  insertCandidate(
    row: Pick<CandidateRow, 'name' | 'version' | 'digest' | 'championDigest' | 'role' | 'slots' | 'guardrails'>,
    startedBy: string,
    at: number,
  ): void {
    const { name, version, digest, championDigest, role, slots, guardrails } = row
    this.#sql.run(INSERT_CANDIDATE, name, version, digest, championDigest, role, slots, guardrails, startedBy, at)
  }

  running(name: string): readonly CandidateRow[] {
    return this.#sql.all(SELECT_RUNNING_CANDIDATES, name)
  }

  /** Those that run, and those that were stopped and wait for a person to look. */
  open(): readonly CandidateRow[] {
    return this.#sql.all(SELECT_OPEN_CANDIDATES)
  }

  /** Newest first. */
  candidates(limit: number): readonly CandidateRow[] {
    return this.#sql.all(SELECT_CANDIDATES, limit)
  }

  candidate(candidateId: number): CandidateRow | undefined {
    return this.#sql.get(SELECT_CANDIDATE, candidateId)
  }

  setSlots(candidateId: number, slots: string): void {
    this.#sql.run(SET_SLOTS, slots, candidateId)
  }

  /** Ends a candidate: its share goes back, its work in the shadow is dropped. @returns false when it had ended. */
  end(candidateId: number, state: Exclude<CandidateState, 'running'>, reason: string, at: number): boolean {
    if (this.#sql.run(END_CANDIDATE, state, reason, at, candidateId).changes === 0) return false
    this.#sql.run(DELETE_SHADOW_JOBS_OF_CANDIDATE, candidateId)
    return true
  }

  /** Adds to a count. @param leaves false: this much of it never leaves the site. */
  addTally(candidateId: number, { measure, code, bin, count }: TallyRow, leaves: boolean): void {
    this.#sql.run(ADD_TALLY, candidateId, measure, code, bin, count, leaves ? 0 : count)
  }

  tallies(candidateId: number): readonly TallyRow[] {
    return this.#sql.all(SELECT_TALLIES, candidateId)
  }

  /** Counts that have not left and are at least `least`. */
  ripeTallies(candidateId: number, least: number): readonly TallyRow[] {
    return this.#sql.all(SELECT_RIPE_TALLIES, candidateId, least)
  }

  releaseTally(candidateId: number, { measure, code, bin, count }: TallyRow): void {
    this.#sql.run(RELEASE_TALLY, count, candidateId, measure, code, bin)
  }

  /** The version that scored a study before. */
  armOf(studyId: number, name: string): string | undefined {
    return this.#sql.get<{ digest: string }>(SELECT_ARM, studyId, name)?.digest
  }

  putArm(studyId: number, name: string, digest: string): void {
    this.#sql.run(PUT_ARM, studyId, name, digest)
  }

  insertUse(revisionId: number, use: ModelUseRow): void {
    const { name, version, digest, deploymentId, arm, inputs } = use
    this.#sql.run(INSERT_USE, revisionId, name, version, digest, deploymentId, arm, inputs)
  }

  uses(revisionId: number): readonly ModelUseRow[] {
    return this.#sql.all(SELECT_USES, revisionId)
  }

  askShadow(revisionId: number, candidateId: number, at: number): void {
    this.#sql.run(INSERT_SHADOW_JOB, revisionId, candidateId, at)
  }

  dueShadow(at: number): ShadowJobRow | undefined {
    return this.#sql.get(SELECT_DUE_SHADOW_JOB, at)
  }

  waitingShadow(candidateId: number): number {
    return this.#sql.get<{ count: number }>(COUNT_SHADOW_JOBS, candidateId)?.count ?? 0
  }

  postponeShadow(jobId: number, counts: boolean, at: number): void {
    this.#sql.run(POSTPONE_SHADOW_JOB, counts ? 1 : 0, at, jobId)
  }

  dropShadow(jobId: number): void {
    this.#sql.run(DELETE_SHADOW_JOB, jobId)
  }
}
