import { setImmediate as turn } from 'node:timers/promises'
import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import type { ModelReference } from '@leadglass/sync-agent/contract'
import { type Clock, type Logger, type Service, toIsoInstant } from '@leadglass/sync-agent/foundation'
import { type FairnessView, fairnessView } from '@leadglass/ui/contract/hub-api'
import type Database from 'better-sqlite3'
import { AlertBook, LookTimer, type Priority, readStudyCases, type StudyCase } from '../performance/index.ts'
import type { Registry } from '../registry/index.ts'
import { ageBand } from '../training/evaluation/case-table.ts'
import { assessDimension, dimensionsOf } from './assess.ts'
import { columnsOf, type FairnessCase } from './case-columns.ts'
import type { Disparity } from './disparities.ts'
import { LEAST_URGENT, MOST_URGENT, SMALLEST_COMPARED } from './limits.ts'

const EVERY_MS = 3_600_000
const SEED = 8_016_2026
/** Looks in a row, each with more labels than the one before, until an alert is raised. */
const PERSISTENT = 2
/** Labelled studies that make a look one with more labels. */
const MORE_LABELS = 30
const DIMENSIONS = ['sex', 'age-band', 'view', 'modality', 'site'] as const

const FINDINGS = `SELECT DISTINCT l.finding FROM study_labels l
  WHERE EXISTS (SELECT 1 FROM instance_features f WHERE f.model_digest = ?) ORDER BY l.finding`
const LAST = `SELECT (SELECT max(envelope) FROM instance_features WHERE model_digest = ?) AS scores,
  (SELECT max(envelope) FROM study_labels) AS labels, (SELECT max(envelope) FROM study_revisions) AS revisions,
  (SELECT count(*) FROM revoked_reader) AS revoked, (SELECT count(*) FROM lake_erasure) AS erased`
const AS_OF = 'SELECT as_of AS asOf FROM fairness_view WHERE model_digest = ? AND finding = ?'
const WRITE = `INSERT INTO fairness_view (model_digest, finding, computed_at, as_of, view) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (model_digest, finding)
  DO UPDATE SET computed_at = excluded.computed_at, as_of = excluded.as_of, view = excluded.view`
const READ = 'SELECT view FROM fairness_view ORDER BY model_digest, finding'
const STREAK = `SELECT breaches, labelled FROM fairness_streak WHERE model_digest = ? AND finding = ? AND dimension = ?`
const WRITE_STREAK = `INSERT INTO fairness_streak (model_digest, finding, dimension, breaches, labelled)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (model_digest, finding, dimension)
  DO UPDATE SET breaches = excluded.breaches, labelled = excluded.labelled`

/** What the monitor works with. */
export interface FairnessParts {
  readonly database: Database.Database
  readonly registry: Registry
  readonly audit: { record(event: AuditEventInput): void }
  readonly clock: Clock
  readonly logger: Logger
}

/** Watches whether versions serve groups of patients equally, on what blinded readers have labelled at all sites. */
export class FairnessMonitor implements Service {
  readonly alerts: AlertBook
  readonly #parts: FairnessParts
  readonly #timer: LookTimer

  constructor(parts: FairnessParts) {
    this.#parts = parts
    this.alerts = new AlertBook({ kind: 'fairness', ...parts })
    this.#timer = new LookTimer(() => this.look(), EVERY_MS, parts.logger, 'fairness.look-failed')
  }

  start(): Promise<void> {
    return this.#timer.start()
  }

  stop(): Promise<void> {
    return this.#timer.stop()
  }

  /** What the last look computed. */
  views(wish: { readonly model?: string; readonly version?: string } = {}): FairnessView[] {
    const rows = this.#parts.database.prepare(READ).all() as { readonly view: string }[]
    return rows
      .map((row) => fairnessView.parse(JSON.parse(row.view)))
      .filter(
        ({ model }) =>
          (wish.model === undefined || model.name === wish.model) &&
          (wish.version === undefined || model.version === wish.version),
      )
  }

  /** One look at every version whose findings are labelled. @returns how many alerts are new. */
  async look(): Promise<number> {
    const { database, registry } = this.#parts
    let raised = 0
    for (const { model } of registry.names().flatMap((name) => registry.versions(name))) {
      const findings = database.prepare(FINDINGS).all(model.digest) as { readonly finding: string }[]
      for (const { finding } of findings) {
        raised += await this.#lookAt(model, finding)
        await turn()
      }
    }
    return raised
  }

  async #lookAt(model: ModelReference, finding: string): Promise<number> {
    const { database, clock } = this.#parts
    const last = JSON.stringify(database.prepare(LAST).get(model.digest))
    const before = database.prepare(AS_OF).get(model.digest, finding) as { readonly asOf: string } | undefined
    if (before?.asOf === last) return 0
    const { cases } = await readStudyCases(database, model.digest, finding)
    const columns = columnsOf(cases.flatMap((one) => labelledCase(one) ?? []))
    const enough = columns.n >= SMALLEST_COMPARED.cases
    const dimensions: FairnessView['dimensions'] = []
    for (const names of enough ? dimensionsOf(DIMENSIONS) : []) {
      dimensions.push(await assessDimension(columns, names, SEED))
    }
    const computedAt = toIsoInstant(clock.now())
    const view: FairnessView = {
      model,
      finding,
      state: enough ? 'assessed' : 'too-few-labelled',
      labelled: Math.round(columns.n / 10) * 10,
      unusable: columns.unusable,
      dimensions,
      computedAt,
    }
    return database
      .transaction(() => {
        const raised = dimensions.filter((one) => this.#judge(model, finding, one, columns.n)).length
        database.prepare(WRITE).run(model.digest, finding, computedAt, last, JSON.stringify(view))
        return raised
      })
      .immediate()
  }

  /** Counts looks at which a dimension was beyond its limits; one that is within ends the row. */
  #judge(model: ModelReference, finding: string, found: FairnessView['dimensions'][number], labelled: number): boolean {
    const { database } = this.#parts
    const { dimension, disparities } = found
    const beyond = disparities.filter((one) => one.verdict === 'beyond').map((one) => one.measure)
    const key = [model.digest, finding, dimension]
    const streak = (database.prepare(STREAK).get(...key) as
      | { readonly breaches: number; readonly labelled: number }
      | undefined) ?? { breaches: 0, labelled: 0 }
    if (beyond.length === 0) {
      if (streak.breaches > 0) database.prepare(WRITE_STREAK).run(...key, 0, labelled)
      return false
    }
    const grown = streak.breaches === 0 || labelled >= streak.labelled + MORE_LABELS
    const breaches = streak.breaches + Number(grown)
    if (grown) database.prepare(WRITE_STREAK).run(...key, breaches, labelled)
    if (breaches < PERSISTENT) return false
    const priority = priorityOf(beyond, dimension)
    return this.alerts.raise({
      device: '*',
      model,
      finding,
      what: dimension,
      priority,
      occasion: String(grown ? labelled : streak.labelled),
      detail: disparities
        .filter((one) => one.verdict === 'beyond')
        .map(({ measure, value, low, high }) => `${measure} ${value ?? ''} (${low ?? ''} to ${high ?? ''})`),
    })
  }
}

/** Crossed groups are many and small: what only they show is looked at this week. */
function priorityOf(beyond: readonly Disparity[], dimension: string): Priority {
  if (dimension.includes(' × ') || beyond.every((measure) => LEAST_URGENT.includes(measure))) return 'P3'
  return beyond.some((measure) => MOST_URGENT.includes(measure)) ? 'P1' : 'P2'
}

function labelledCase(one: StudyCase): FairnessCase | undefined {
  if (one.label === null) return undefined
  return {
    score: one.score,
    positive: one.positive,
    label: one.label,
    patient: `${one.device}/${one.patient}`,
    groups: new Map([
      ['sex', one.sex],
      ['age-band', ageBand(one.ageDecade)],
      ['view', one.view],
      ['modality', one.modality],
      ['site', one.device],
    ]),
  }
}
