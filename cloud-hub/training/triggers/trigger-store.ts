import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { TRIGGER_OUTCOMES, type TriggerDecision, type TriggerFacts, type TriggerOutcome } from './decide.ts'
import { TRIGGER_CAUSES, type TriggerCause, type TriggerPolicy, triggerPolicy } from './policy.ts'

/** A policy as declared. */
export interface DeclaredTriggers {
  readonly policy: TriggerPolicy
  readonly changedBy: string
  readonly changedAt: string
  /** When its triggers were looked at last. */
  readonly lookedAt: string
}

/** A decision and how long it has stood: equal ones in a row are one. */
export interface RecordedDecision {
  readonly decision: number
  readonly model: string
  readonly finding: string
  readonly cause: TriggerCause
  readonly outcome: TriggerOutcome
  readonly newLabels: number
  readonly reason: string | null
  readonly run: string | null
  readonly firstAt: string
  readonly lastAt: string
  readonly looks: number
}

/** What is kept of the facts. */
const keptFacts = z.object({ newLabels: z.number(), reason: z.string().nullable() })
const policyRow = z.object({
  policy: z.string(),
  changed_by: z.string(),
  changed_at: z.string(),
  looked_at: z.string(),
})
const decisionRow = z.object({
  decision: z.number(),
  model_name: z.string(),
  finding: z.string(),
  cause: z.enum(TRIGGER_CAUSES),
  outcome: z.enum(TRIGGER_OUTCOMES),
  facts: z.string(),
  run: z.string().nullable(),
  first_at: z.string(),
  last_at: z.string(),
  looks: z.number(),
})

const UPSERT = `INSERT INTO training_trigger_policy (model_name, finding, policy, changed_by, changed_at, looked_at)
  VALUES (@model, @finding, @policy, @by, @at, @at)
  ON CONFLICT (model_name, finding) DO UPDATE SET policy = excluded.policy, changed_by = excluded.changed_by,
  changed_at = excluded.changed_at`
const REMOVE = 'DELETE FROM training_trigger_policy WHERE model_name = ? AND finding = ?'
const POLICIES =
  'SELECT policy, changed_by, changed_at, looked_at FROM training_trigger_policy ORDER BY model_name, finding'
const LOOKED = 'UPDATE training_trigger_policy SET looked_at = ? WHERE model_name = ? AND finding = ?'
const LAST = `SELECT * FROM training_trigger_decision WHERE model_name = ? AND finding = ? AND cause = ?
  ORDER BY decision DESC LIMIT 1`
const AGAIN = 'UPDATE training_trigger_decision SET last_at = ?, looks = looks + 1, facts = ? WHERE decision = ?'
const DECIDE = `INSERT INTO training_trigger_decision
  (model_name, finding, cause, outcome, facts, run, first_at, last_at, looks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)`
const DECISIONS = 'SELECT * FROM training_trigger_decision ORDER BY decision DESC LIMIT ?'
const STANDING = `SELECT * FROM training_trigger_decision WHERE decision IN
  (SELECT max(decision) FROM training_trigger_decision GROUP BY model_name, finding, cause) ORDER BY decision`
/** By the order of decisions, not of times: a clock may have been set back. */
const FIRED = `SELECT cause, first_at AS at FROM training_trigger_decision WHERE decision IN
  (SELECT max(decision) FROM training_trigger_decision
  WHERE model_name = ? AND finding = ? AND outcome = 'fired' GROUP BY cause)`
const FIRED_SINCE = `SELECT count(*) AS n FROM training_trigger_decision
  WHERE model_name = ? AND finding = ? AND outcome = 'fired' AND first_at > ?`
export const LABEL_MARK = `SELECT coalesce(max(label_mark), 0) AS mark FROM training_run WHERE model_name = ? AND finding = ?`
const UNDER_WAY = `SELECT count(*) AS n FROM training_run WHERE model_name = ? AND finding = ?
  AND state IN ('queued', 'freezing', 'training', 'packaging')`
const USED_ALERTS = 'SELECT alert FROM training_trigger_alert WHERE model_name = ? AND finding = ?'
const USE_ALERT = `INSERT INTO training_trigger_alert (model_name, finding, alert, run) VALUES (?, ?, ?, ?)
  ON CONFLICT DO NOTHING`

/** Policies, decisions, and what triggers have used up, in the hub's database. */
export class TriggerStore {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Does everything in one transaction: a look is there with all that it decided and started, or not at all. */
  atOnce<Result>(act: () => Result): Result {
    return this.#database.transaction(act).immediate()
  }

  declare(policy: TriggerPolicy, by: string): void {
    const { model, finding } = policy
    this.#database.prepare(UPSERT).run({ model, finding, policy: JSON.stringify(policy), by, at: this.#now() })
  }

  /** @returns false when there is none. */
  remove(model: string, finding: string): boolean {
    return this.#database.prepare(REMOVE).run(model, finding).changes === 1
  }

  policies(): DeclaredTriggers[] {
    return z
      .array(policyRow)
      .parse(this.#database.prepare(POLICIES).all())
      .map((row) => ({
        policy: triggerPolicy.parse(JSON.parse(row.policy)),
        changedBy: row.changed_by,
        changedAt: row.changed_at,
        lookedAt: row.looked_at,
      }))
  }

  looked({ model, finding }: TriggerPolicy): void {
    this.#database.prepare(LOOKED).run(this.#now(), model, finding)
  }

  /** The newest label that any run of the finding has used up. */
  labelMark(model: string, finding: string): number {
    return z.object({ mark: z.number() }).parse(this.#database.prepare(LABEL_MARK).get(model, finding)).mark
  }

  /** What the tables say for a decision at `now`. */
  history(
    { model, finding }: TriggerPolicy,
    now: number,
  ): Pick<TriggerFacts, 'firedAt' | 'firedInDay' | 'isRunUnderWay'> {
    const count = (found: unknown): number => z.object({ n: z.number() }).parse(found).n
    const fired = z
      .array(z.object({ cause: z.enum(TRIGGER_CAUSES), at: z.string() }))
      .parse(this.#database.prepare(FIRED).all(model, finding))
    const since = toIsoInstant(now - 86_400_000)
    return {
      firedAt: Object.fromEntries(fired.map(({ cause, at }) => [cause, Date.parse(at)])),
      firedInDay: count(this.#database.prepare(FIRED_SINCE).get(model, finding, since)),
      isRunUnderWay: count(this.#database.prepare(UNDER_WAY).get(model, finding)) > 0,
    }
  }

  /** Alerts that started a run of this finding already. */
  usedAlerts({ model, finding }: TriggerPolicy): ReadonlySet<string> {
    const rows = z.array(z.object({ alert: z.string() })).parse(this.#database.prepare(USED_ALERTS).all(model, finding))
    return new Set(rows.map((row) => row.alert))
  }

  useAlerts({ model, finding }: TriggerPolicy, alerts: readonly string[], run: string): void {
    for (const alert of alerts) this.#database.prepare(USE_ALERT).run(model, finding, alert, run)
  }

  /** Records a decision; one that says the same as the last of its trigger makes that one longer. */
  decided(
    { model, finding }: TriggerPolicy,
    { cause, outcome }: TriggerDecision,
    about: { readonly newLabels: number; readonly reason: string | null; readonly run: string | null },
  ): void {
    const { run, ...facts } = about
    const now = this.#now()
    const last = z
      .array(decisionRow)
      .parse(this.#database.prepare(LAST).all(model, finding, cause))
      .map(read)[0]
    if (last !== undefined && outcome !== 'fired' && last.outcome === outcome && last.reason === facts.reason) {
      this.#database.prepare(AGAIN).run(now, JSON.stringify(facts), last.decision)
      return
    }
    this.#database.prepare(DECIDE).run(model, finding, cause, outcome, JSON.stringify(facts), run, now, now)
  }

  /** The newest decisions first. */
  decisions(limit = 100): RecordedDecision[] {
    return z.array(decisionRow).parse(this.#database.prepare(DECISIONS).all(limit)).map(read)
  }

  /** The last decision of each trigger. */
  standing(): RecordedDecision[] {
    return z.array(decisionRow).parse(this.#database.prepare(STANDING).all()).map(read)
  }

  #now(): string {
    return toIsoInstant(this.#clock.now())
  }
}

function read(row: z.infer<typeof decisionRow>): RecordedDecision {
  const { decision, finding, cause, outcome, run, looks } = row
  const about = keptFacts.parse(JSON.parse(row.facts))
  const at = { firstAt: row.first_at, lastAt: row.last_at }
  return { decision, model: row.model_name, finding, cause, outcome, ...about, run, ...at, looks }
}
