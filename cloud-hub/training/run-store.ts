import { randomUUID } from 'node:crypto'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { type RunRecord, runRecord } from './record.ts'
import { type TrainingReport, trainingReport } from './report.ts'
import { type TrainerChoice, trainerChoice } from './trainers/choice.ts'

/**
 * How a run stands. `queued` to `packaging` go on by themselves, also after a kill; `interrupted` was under way at each of
 * {@link MOST_ATTEMPTS} kills and waits for a person; the others are ends.
 */
export const RUN_STATES = [
  'queued',
  'freezing',
  'training',
  'packaging',
  'candidate',
  'stopped',
  'failed',
  'interrupted',
  'cancelled',
] as const
export type RunState = (typeof RUN_STATES)[number]

/** Why a run was started: a person asked, or one of the triggers fired. */
export const RUN_CAUSES = ['asked', 'labels', 'age', 'drift', 'schedule'] as const
export type RunCause = (typeof RUN_CAUSES)[number]

/** How often a run that the hub was killed in is taken up again: what kills the hub each time must not do so for ever. */
export const MOST_ATTEMPTS = 3

const row = z.object({
  run: z.string(),
  finding: z.string(),
  model_name: z.string(),
  parent_version: z.string(),
  parent_digest: z.string(),
  requested_by: z.string(),
  seed: z.string(),
  state: z.enum(RUN_STATES),
  progress: z.number(),
  attempt: z.number(),
  snapshot: z.string().nullable(),
  candidate_version: z.string().nullable(),
  candidate_digest: z.string().nullable(),
  reason: z.string().nullable(),
  report: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  cause: z.enum(RUN_CAUSES),
  label_mark: z.number().nullable(),
  executor: z.string(),
  trainer: z.string().nullable(),
  record: z.string().nullable(),
})

/** A training run as recorded. `progress` is 0 to 100. */
export interface TrainingRun {
  readonly run: string
  readonly finding: string
  readonly model: string
  readonly parentVersion: string
  readonly parentDigest: string
  readonly requestedBy: string
  readonly seed: string
  readonly state: RunState
  readonly progress: number
  readonly attempt: number
  readonly snapshot: string | null
  readonly candidate: { readonly version: string; readonly digest: string } | null
  readonly reason: string | null
  readonly report: TrainingReport | null
  readonly createdAt: string
  readonly updatedAt: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly cause: RunCause
  /** The newest label, by its number in the inbox, that the run has used up; null until its dataset is fixed. */
  readonly labelMark: number | null
  /** Where it trains. */
  readonly executor: string
  /** How the head is fitted; null for a head around its parent's. */
  readonly trainer: TrainerChoice | null
  /** What it can be done again from; null until its dataset is fixed. */
  readonly record: RunRecord | null
}

/** What is known of a run before it begins. */
export type NewRun = Pick<
  TrainingRun,
  | 'finding'
  | 'model'
  | 'parentVersion'
  | 'parentDigest'
  | 'requestedBy'
  | 'seed'
  | 'cause'
  | 'labelMark'
  | 'executor'
  | 'trainer'
>

/** What of a run changes. */
export interface RunChange {
  readonly state?: RunState
  readonly progress?: number
  readonly snapshot?: string
  readonly candidate?: { readonly version: string; readonly digest: string }
  readonly reason?: string
  readonly report?: TrainingReport
  readonly record?: RunRecord
  readonly labelMark?: number
}

const INSERT = `INSERT INTO training_run (run, finding, model_name, parent_version, parent_digest, requested_by, seed,
  cause, label_mark, executor, trainer, state, progress, attempt, created_at, updated_at)
  VALUES (@run, @finding, @model, @parentVersion, @parentDigest, @requestedBy, @seed, @cause, @labelMark, @executor, @trainer,
  'queued', 0, 1, @at, @at)`
const UPDATE = `UPDATE training_run SET state = coalesce(@state, state), progress = coalesce(@progress, progress),
  snapshot = coalesce(@snapshot, snapshot), candidate_version = coalesce(@version, candidate_version),
  candidate_digest = coalesce(@digest, candidate_digest), reason = coalesce(@reason, reason),
  report = coalesce(@report, report), record = coalesce(@record, record),
  label_mark = max(coalesce(@mark, label_mark), coalesce(label_mark, @mark)), updated_at = @at,
  started_at = CASE WHEN @state = 'freezing' THEN @at ELSE started_at END,
  ended_at = CASE WHEN @state IN ('candidate', 'stopped', 'failed', 'cancelled') THEN @at ELSE ended_at END
  WHERE run = @run`
const REQUEUE = `UPDATE training_run SET state = 'queued', progress = 0, attempt = attempt + 1, reason = NULL,
  ended_at = NULL, updated_at = ? WHERE run = ? AND state IN ('interrupted', 'failed', 'cancelled')`
const UNDER_WAY = "state IN ('freezing', 'training', 'packaging')"
const GIVE_UP = `UPDATE training_run SET state = 'interrupted', reason = 'the hub ended during each attempt', updated_at = ?
  WHERE ${UNDER_WAY} AND attempt >= ?`
const TAKE_UP = `UPDATE training_run SET state = 'queued', progress = 0, attempt = attempt + ?, updated_at = ?
  WHERE ${UNDER_WAY}`
const CANCEL_QUEUED = `UPDATE training_run SET state = 'cancelled', updated_at = ? WHERE run = ? AND state = 'queued'`
const NEXT = `SELECT * FROM training_run WHERE state = 'queued' ORDER BY created_at, run LIMIT 1`
const ONE = 'SELECT * FROM training_run WHERE run = ?'
export const LIST_RUNS = 'SELECT * FROM training_run ORDER BY created_at DESC, run LIMIT ?'
const LIST_VERSIONS = `SELECT run, updated_at AS version FROM training_run WHERE state <> 'queued'
  ORDER BY created_at DESC, run LIMIT ?`
const LOG = `INSERT INTO training_log (run, line, at, message)
  SELECT @run, coalesce(max(line), 0) + 1, @at, @message FROM training_log WHERE run = @run`
const READ_LOG = 'SELECT line, at, message FROM training_log WHERE run = ? AND line > ? ORDER BY line LIMIT 1000'

/** Training runs and their logs in the hub's database. */
export class RunStore {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Adds a queued run. @returns its identifier. */
  add(request: NewRun): string {
    const run = randomUUID()
    const trainer = request.trainer === null ? null : JSON.stringify(request.trainer)
    this.#database.prepare(INSERT).run({ ...request, trainer, run, at: this.#now() })
    return run
  }

  change(run: string, change: RunChange): void {
    this.#database.prepare(UPDATE).run({
      run,
      state: change.state ?? null,
      progress: change.progress === undefined ? null : Math.round(change.progress),
      snapshot: change.snapshot ?? null,
      version: change.candidate?.version ?? null,
      digest: change.candidate?.digest ?? null,
      reason: change.reason ?? null,
      report: change.report === undefined ? null : JSON.stringify(change.report),
      record: change.record === undefined ? null : JSON.stringify(change.record),
      mark: change.labelMark ?? null,
      at: this.#now(),
    })
  }

  /** @returns false when the run is not one that can be started again. */
  requeue(run: string): boolean {
    return this.#database.prepare(REQUEUE).run(this.#now(), run).changes === 1
  }

  /** @returns false when the run is not waiting any more. */
  cancelQueued(run: string): boolean {
    return this.#database.prepare(CANCEL_QUEUED).run(this.#now(), run).changes === 1
  }

  /**
   * Puts back what was under way when the hub ended. After an end that nobody asked for an attempt is counted, and what
   * has used up its attempts waits for a person.
   */
  takeUp(end: 'ordered' | 'unasked'): { readonly taken: number; readonly given: number } {
    return this.#database.transaction(() => {
      const given = end === 'ordered' ? 0 : this.#database.prepare(GIVE_UP).run(this.#now(), MOST_ATTEMPTS).changes
      const taken = this.#database.prepare(TAKE_UP).run(end === 'ordered' ? 0 : 1, this.#now()).changes
      return { taken, given }
    })()
  }

  next(): TrainingRun | undefined {
    return read(this.#database.prepare(NEXT).get())
  }

  run(run: string): TrainingRun | undefined {
    return read(this.#database.prepare(ONE).get(run))
  }

  /** Runs that have begun, the newest first, each with the instant of its last change. */
  versions(limit: number): { readonly run: string; readonly version: string }[] {
    return this.#database.prepare(LIST_VERSIONS).all(limit) as { run: string; version: string }[]
  }

  /** The newest runs first. */
  runs(limit = 100): TrainingRun[] {
    return this.#database
      .prepare(LIST_RUNS)
      .all(limit)
      .flatMap((one) => read(one) ?? [])
  }

  log(run: string, message: string): void {
    this.#database.prepare(LOG).run({ run, at: this.#now(), message: message.slice(0, 1000) })
  }

  /** Log lines after number `after`. */
  logs(run: string, after = 0): { readonly line: number; readonly at: string; readonly message: string }[] {
    return this.#database.prepare(READ_LOG).all(run, after) as { line: number; at: string; message: string }[]
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}

function read(found: unknown): TrainingRun | undefined {
  if (found === undefined) return undefined
  const one = row.parse(found)
  const { candidate_version: version, candidate_digest: digest } = one
  return {
    run: one.run,
    finding: one.finding,
    model: one.model_name,
    parentVersion: one.parent_version,
    parentDigest: one.parent_digest,
    requestedBy: one.requested_by,
    seed: one.seed,
    state: one.state,
    progress: one.progress,
    attempt: one.attempt,
    snapshot: one.snapshot,
    candidate: version === null || digest === null ? null : { version, digest },
    reason: one.reason,
    report: one.report === null ? null : trainingReport.parse(JSON.parse(one.report)),
    createdAt: one.created_at,
    updatedAt: one.updated_at,
    startedAt: one.started_at,
    endedAt: one.ended_at,
    cause: one.cause,
    labelMark: one.label_mark,
    executor: one.executor,
    trainer: one.trainer === null ? null : trainerChoice.parse(JSON.parse(one.trainer)),
    record: one.record === null ? null : runRecord.parse(JSON.parse(one.record)),
  }
}
