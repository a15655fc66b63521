import type Database from 'better-sqlite3'
import type { ChangeBook } from '../../change-control/index.ts'
import type { DriftAlert } from '../../drift/index.ts'
import { CardError, type CardGate } from '../../model-card/index.ts'
import type { ModelVersion, Registry } from '../../registry/index.ts'
import type { RolloutBook } from '../../rollout/index.ts'
import { type Collected, type Evidence, type Finding, recordEvidence } from '../evidence.ts'
import type { Fact } from '../facts.ts'
import { asJson, NOTHING, together } from './collector.ts'

const DATASETS = `SELECT digest, finding, model_name AS model, row_count AS rows, created_at AS createdAt
  FROM dataset_snapshot ORDER BY created_at DESC, digest LIMIT 200`

const SQL_COUNTED = 'SELECT count(*) AS counted FROM drift_counts'
const SQL_COUNTED_OF = 'SELECT count(*) AS counted FROM drift_counts WHERE model_digest = ?'

/** What the collectors of models read. */
export interface ModelParts {
  readonly database: Database.Database
  readonly registry: Registry
  readonly cards: CardGate
  readonly plans: ChangeBook
  readonly drift: { list(): readonly DriftAlert[] }
  readonly rollouts: RolloutBook
}

/** Cards, datasets, plans, drift and rollouts of all models. */
export async function collectModels(parts: ModelParts): Promise<Collected> {
  const { database, registry, plans, drift, rollouts } = parts
  const versions = registry.names().flatMap((name) => registry.versions(name))
  const cards = await Promise.all(versions.map((version) => cardOf(parts.cards, version, 'cards-complete')))
  const datasets = database.prepare(DATASETS).all()
  const inForce = plans.models().flatMap((model) => {
    const kept = plans.inForce(model)
    return kept === undefined ? [] : [{ model, version: kept.plan.version, digest: kept.digest }]
  })
  const runs = rollouts.all()
  return together([
    ...cards,
    listed('datasets', 'dataset_snapshot', 'datasets fixed by their digest', datasets),
    listed('change-plans', 'change plans', 'plans in force', inForce),
    listed('rollouts', 'rollouts', 'rollouts', runs),
    driftOf(drift.list(), countOf(database, SQL_COUNTED), 'drift-watch'),
  ])
}

/** Whether the card of a version is complete, as the gate before submission judges it. */
export async function cardOf(cards: CardGate, { model }: ModelVersion, fact: Fact): Promise<Collected> {
  const name = `${model.name}@${model.version}`
  try {
    await cards.assertCardComplete(model.digest)
  } catch (error) {
    if (!(error instanceof CardError)) throw error
    return { evidence: [], findings: [{ fact, words: `${name}: ${error.message}` }] }
  }
  return {
    evidence: [
      recordEvidence(fact, `card of ${name}`, `the card of ${name} is complete`, { ...model, gate: 'complete' }),
    ],
    findings: [],
  }
}

/**
 * Alerts as they were raised and settled.
 * @param counted distributions that sites have sent: where nothing is watched, that there is no alert shows nothing.
 */
export function driftOf(alerts: readonly DriftAlert[], counted: number, fact: Fact): Collected {
  if (counted === 0) return NOTHING
  const open = alerts.filter(({ settledAt }) => settledAt === null)
  const findings: Finding[] = open.slice(0, 20).map((one) => ({
    fact,
    words: `Drift of ${one.feature} of ${one.model} ${one.version} at ${one.device} in ${one.month} (${one.verdict}) waits since ${one.raisedAt}.`,
  }))
  const states = `${counted} distributions compared; ${alerts.length} alerts, ${open.length} of them open`
  return { evidence: [recordEvidence(fact, 'drift_alert', states, { counted, alerts: asJson(alerts) })], findings }
}

/** Distributions that sites have sent of one version. */
export function countedOf(database: Database.Database, digest: string): number {
  return countOf(database, SQL_COUNTED_OF, digest)
}

function countOf(database: Database.Database, sql: string, ...values: readonly string[]): number {
  return (database.prepare(sql).get(...values) as { readonly counted: number }).counted
}

function listed(fact: Fact, source: string, what: string, rows: readonly unknown[]): Collected {
  const evidence: Evidence[] =
    rows.length === 0 ? [] : [recordEvidence(fact, source, `${rows.length} ${what}`, asJson(rows))]
  return { evidence, findings: [] }
}
