import { type Clock, canonicalJson, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type { DsseEnvelope } from '@leadglass/sync-agent/updates'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { type PlanAdoption, planDigest } from './adoption.ts'
import type { StepRecord } from './determination.ts'
import { ChangeControlError } from './errors.ts'
import { type ChangePlan, changePlan } from './plan.ts'

const planRow = z.object({
  digest: z.string(),
  content: z.string(),
  declared_at: z.string(),
  withdrawn: z.number(),
})
const adoptionRow = z.object({
  person: z.string(),
  role: z.enum(['clinical', 'technical']),
  printed_name: z.string(),
  signed_at: z.string(),
})
const recordRow = z.object({
  step: z.string(),
  outcome: z.enum(['done', 'not-done']),
  evidence: z.string(),
  person: z.string(),
  recorded_at: z.string(),
})

/** Whether a plan may be relied on. Derived: nobody writes it. */
export type PlanState = 'declared' | 'in-force' | 'superseded' | 'withdrawn'

/** A plan with the signatures under it. */
export interface KeptPlan {
  readonly digest: string
  readonly plan: ChangePlan
  readonly declaredAt: string
  readonly state: PlanState
  readonly adoptions: readonly Omit<PlanAdoption, 'meaning'>[]
}

export const SQL_PLANS = `SELECT p.*, EXISTS (SELECT 1 FROM change_plan_withdrawal w WHERE w.plan = p.digest) AS withdrawn
  FROM change_plan p WHERE p.model = ? ORDER BY p.version DESC`
const SQL_PLAN = `SELECT p.*, EXISTS (SELECT 1 FROM change_plan_withdrawal w WHERE w.plan = p.digest) AS withdrawn
  FROM change_plan p WHERE p.digest = ?`
const SQL_MODELS = 'SELECT DISTINCT model FROM change_plan ORDER BY model'
const SQL_ADOPTIONS = 'SELECT * FROM change_plan_adoption WHERE plan = ? ORDER BY signed_at, person'
export const SQL_RECORDS = 'SELECT * FROM change_record WHERE plan = ? AND model = ? ORDER BY number'
const SQL_DECLARE = `INSERT INTO change_plan (digest, model, version, author, content, declared_at)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SQL_ADOPT = `INSERT INTO change_plan_adoption (plan, person, role, printed_name, signed_at, public_key, envelope)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
const SQL_WITHDRAW = `INSERT INTO change_plan_withdrawal (plan, person, reason, withdrawn_at) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const SQL_RECORD = `INSERT INTO change_record (plan, model, step, outcome, evidence, person, recorded_at)
  VALUES (?, ?, ?, ?, ?, ?, ?)`

/** Plans, their signatures and what was recorded under them, in the hub's database. */
export class ChangeBook {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Takes a plan in. The same plan again is the same plan. @throws {ChangeControlError} `plan-version-taken` */
  declare(plan: ChangePlan): KeptPlan {
    const digest = planDigest(plan)
    this.#database
      .prepare(SQL_DECLARE)
      .run(digest, plan.model, plan.version, plan.author, canonicalJson(plan), this.#now())
    const kept = this.find(digest)
    if (kept !== undefined) return kept
    throw new ChangeControlError('plan-version-taken', `plan ${plan.version} of ${plan.model} is another one already`)
  }

  /** A plan by its digest. */
  find(digest: string): KeptPlan | undefined {
    const row = this.#database.prepare(SQL_PLAN).get(digest)
    if (row === undefined) return undefined
    const { model } = changePlan.parse(JSON.parse(planRow.parse(row).content))
    return this.plans(model).find((kept) => kept.digest === digest)
  }

  /** Models that have a plan. */
  models(): string[] {
    return z
      .array(z.object({ model: z.string() }))
      .parse(this.#database.prepare(SQL_MODELS).all())
      .map(({ model }) => model)
  }

  /** Plans of a model, the latest first. The latest that people of both roles adopted is in force, unless withdrawn. */
  plans(model: string): KeptPlan[] {
    let isSuperseded = false
    return z
      .array(planRow)
      .parse(this.#database.prepare(SQL_PLANS).all(model))
      .map((row) => {
        const adoptions = z
          .array(adoptionRow)
          .parse(this.#database.prepare(SQL_ADOPTIONS).all(row.digest))
          .map(({ person, role, printed_name, signed_at }) => ({
            person,
            role,
            printedName: printed_name,
            signedAt: signed_at,
          }))
        const isAdopted = (['clinical', 'technical'] as const).every((role) =>
          adoptions.some((one) => one.role === role),
        )
        let state: PlanState = 'declared'
        if (row.withdrawn === 1) state = 'withdrawn'
        else if (isAdopted) state = isSuperseded ? 'superseded' : 'in-force'
        // Also by one that was withdrawn since: nobody adopted the older plan for what the model is now.
        if (isAdopted) isSuperseded = true
        const plan = changePlan.parse(JSON.parse(row.content))
        return { digest: row.digest, plan, declaredAt: row.declared_at, state, adoptions }
      })
  }

  /** The plan of a model that may be relied on now. */
  inForce(model: string): KeptPlan | undefined {
    return this.plans(model).find(({ state }) => state === 'in-force')
  }

  /** Keeps a verified adoption. One person signs once. */
  adopt(digest: string, adoption: PlanAdoption & { readonly publicKey: string }, envelope: DsseEnvelope): void {
    const { person, role, printedName, signedAt, publicKey } = adoption
    this.#database
      .prepare(SQL_ADOPT)
      .run(digest, person, role, printedName, signedAt, publicKey, canonicalJson(envelope))
  }

  withdraw(digest: string, person: string, reason: string): void {
    this.#database.prepare(SQL_WITHDRAW).run(digest, person, reason, this.#now())
  }

  /** Records that a step of the protocol was taken, or was not, for one version. */
  record(digest: string, model: string, record: Omit<StepRecord, 'recordedAt'>): void {
    const { step, outcome, evidence, person } = record
    this.#database.prepare(SQL_RECORD).run(digest, model, step, outcome, evidence, person, this.#now())
  }

  /** What was recorded for a version under a plan, in its order. */
  records(digest: string, model: string): StepRecord[] {
    return z
      .array(recordRow)
      .parse(this.#database.prepare(SQL_RECORDS).all(digest, model))
      .map(({ recorded_at, ...record }) => ({ ...record, recordedAt: recorded_at }))
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}
