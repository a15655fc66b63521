import { type ModelReference, modelReference } from '@leadglass/sync-agent/contract'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { ROLLOUT_STATES, type Rollout, type RolloutPlan, type RolloutState } from './rollout-machine.ts'

const count = z.number().int().min(0)
const permille = z.number().int().min(0).max(1000)

/** The stop rules as they are stored and asked for, with what holds when nothing is said. */
export const stopRules = z.strictObject({
  maximumErrorPermille: permille.default(20),
  maximumNotScoredPermille: permille.default(500),
  maximumRollbacks: count.max(10_000).default(0),
  maximumDriftAlarms: count.max(10_000).default(0),
  reportWithinHours: z.number().int().min(1).max(2160).default(72),
  soakHours: z.number().int().min(0).max(2160).default(24),
})

const storedPlan = z.strictObject({ rings: z.array(z.array(z.string())), rules: stopRules })

/** A rollout as it is stored. */
export interface RolloutRow extends Rollout {
  readonly id: number
  readonly model: ModelReference
  readonly plan: RolloutPlan
  readonly author: string
  readonly createdAt: number
}

/** One change of a rollout, with who made it. */
export interface RolloutHistoryRow {
  readonly what: string
  readonly reason: string | null
  readonly by: string
  readonly at: number
}

const COLUMNS = `id, model_name AS name, model_version AS version, model_digest AS digest, plan, state, ring,
  ring_since AS ringSince, settled_since AS settledSince, reason, author, created_at AS createdAt`
export const SELECT_ROLLOUTS = `SELECT ${COLUMNS} FROM rollout ORDER BY id DESC LIMIT 200`
export const SELECT_ROLLOUT = `SELECT ${COLUMNS} FROM rollout WHERE id = ?`
export const INSERT_ROLLOUT = `INSERT INTO rollout (model_name, model_version, model_digest, plan, state, ring, ring_since,
  settled_since, reason, author, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
export const UPDATE_ROLLOUT = `UPDATE rollout SET state = ?, ring = ?, ring_since = ?, settled_since = ?, reason = ?
  WHERE id = ?`
export const INSERT_STEP = 'INSERT INTO rollout_step (rollout, what, reason, by_whom, at) VALUES (?, ?, ?, ?, ?)'
export const SELECT_STEPS = `SELECT what, reason, by_whom AS "by", at FROM rollout_step WHERE rollout = ?
  ORDER BY id DESC LIMIT 200`

type Stored = Omit<RolloutRow, 'model' | 'plan' | 'state'> &
  ModelReference & { readonly plan: string; readonly state: string }

/** Rollouts and their history. Every change is one transaction with the line that says why. */
export class RolloutBook {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** Runs `work` in one transaction. */
  together<Result>(work: () => Result): Result {
    return this.#database.transaction(work).immediate()
  }

  all(): RolloutRow[] {
    return (this.#database.prepare(SELECT_ROLLOUTS).all() as Stored[]).map(rowOf)
  }

  find(id: number): RolloutRow | undefined {
    const row = this.#database.prepare(SELECT_ROLLOUT).get(id) as Stored | undefined
    return row === undefined ? undefined : rowOf(row)
  }

  insert(model: ModelReference, plan: RolloutPlan, rollout: Rollout, author: string, at: number): number {
    const { name, version, digest } = model
    const { state, ring, ringSince, settledSince, reason } = rollout
    const text = JSON.stringify(plan)
    const done = this.#database
      .prepare(INSERT_ROLLOUT)
      .run(name, version, digest, text, state, ring, ringSince, settledSince, reason, author, at)
    const id = Number(done.lastInsertRowid)
    this.#note(id, 'begun', null, author, at)
    return id
  }

  /** Keeps a change; of one that changed nothing worth telling no line is written. */
  update(before: RolloutRow, after: Rollout, by: string, why: string | null, at: number): void {
    const { state, ring, ringSince, settledSince, reason } = after
    this.#database.prepare(UPDATE_ROLLOUT).run(state, ring, ringSince, settledSince, reason, before.id)
    if (state !== before.state) this.#note(before.id, state, why ?? reason, by, at)
    else if (ring !== before.ring) this.#note(before.id, `ring-${ring + 1}`, null, by, at)
  }

  history(id: number): RolloutHistoryRow[] {
    return this.#database.prepare(SELECT_STEPS).all(id) as RolloutHistoryRow[]
  }

  #note(id: number, what: string, reason: string | null, by: string, at: number): void {
    this.#database.prepare(INSERT_STEP).run(id, what, reason, by, at)
  }
}

function rowOf({ name, version, digest, plan, state, ...rest }: Stored): RolloutRow {
  return {
    ...rest,
    model: modelReference.parse({ name, version, digest }),
    plan: storedPlan.parse(JSON.parse(plan)),
    state: z.enum(ROLLOUT_STATES).parse(state) satisfies RolloutState,
  }
}
