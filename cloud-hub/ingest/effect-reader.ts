import { type EnvelopeBody, envelopeBody } from '@leadglass/sync-agent/contract'
import type Database from 'better-sqlite3'
import { hourOf } from './drift-hour.ts'

type Row = Record<string, unknown>
export type EffectRow = Row

/** The rows of effects, wherever they stand. `one` and `leaf` fail, or give nothing, for a row that is missing. */
export interface EffectRows {
  one(table: string, id: number): EffectRow
  many(table: string, id: number): EffectRow[]
  /** Index and bytes of the leaf of a site's log. */
  leaf(id: number): EffectRow
  /** Number of effects that the envelope has, in all tables together. */
  effects(id: number): number
}

const ONE = (table: string): string => `SELECT * FROM ${table} WHERE envelope = ?`
/** Tables in which an envelope can have its effect. */
export const EFFECT_TABLES = [
  'instance_features',
  'not_scored',
  'study_revisions',
  'study_labels',
  'drift_counts',
  'deployment_statistics',
  'epoch_statement',
  'device_health',
  'reported_envelope',
  'site_leaf_envelope',
  'site_checkpoint',
] as const
const COUNT = `SELECT ${EFFECT_TABLES.map((table) => `(SELECT count(*) FROM ${table} WHERE envelope = @id)`).join(' + ')} AS effects`
const LEAF = `SELECT leaf_index, leaf FROM site_leaf_envelope JOIN audit_leaf USING (log, leaf_index) WHERE envelope = ?`
const MANY = (table: string): string => `SELECT * FROM ${table} WHERE envelope = ? ORDER BY position`

/**
 * Rebuilds bodies from the effect tables. What comes out is parsed by the contract, so a damaged row is an error and not
 * another body.
 */
export class EffectReader {
  readonly #rows: EffectRows

  constructor(source: Database.Database | EffectRows) {
    this.#rows = 'prepare' in source ? sqliteRows(source) : source
  }

  /** The body whose effect belongs to row `id` of `envelope_inbox`. @throws when the effect is missing, damaged or there twice. */
  read(kind: EnvelopeBody['kind'], id: number): EnvelopeBody {
    if (this.#rows.effects(id) !== 1) throw new RangeError('an envelope has exactly one effect')
    return envelopeBody.parse({ kind, ...this.#members(kind, id) })
  }

  /** True when an envelope has no effect any more. */
  isGone(id: number): boolean {
    return this.#rows.effects(id) === 0
  }

  #members(kind: EnvelopeBody['kind'], id: number): Row {
    switch (kind) {
      case 'instance-features':
        return this.#features(id)
      case 'not-scored': {
        const { study, patient, revision, instance, reason, generation } = this.#rows.one('not_scored', id)
        return { study, patient, revision, instance, reason, ...named(generation) }
      }
      case 'study-revision': {
        const { study, patient, revision, ...row } = this.#rows.one('study_revisions', id)
        const sameInstances = JSON.parse(String(row.same_instances)) as unknown
        const causes = JSON.parse(String(row.causes)) as unknown
        return { study, patient, revision, causes, sameInstances, ...named(row.generation) }
      }
      case 'study-label': {
        const { label, study, patient, revision, finding, value, reader, ...row } = this.#rows.one('study_labels', id)
        const blind = row.blind === 1
        return { label, study, patient, revision, finding, value, reader, blind, ...named(row.generation) }
      }
      case 'drift-counts': {
        const row = this.#rows.one('drift_counts', id)
        const cells = this.#rows.many('drift_cells', id).map(({ bin, count }) => ({ bin, count }))
        const hour = row.hour === null ? {} : { hour: hourOf(String(row.month), Number(row.hour)) }
        return { model: modelOf(row), feature: row.feature, month: row.month, ...hour, cells }
      }
      case 'deployment-statistics': {
        const row = this.#rows.one('deployment_statistics', id)
        const champion = { name: row.champion_name, version: row.champion_version, digest: row.champion_digest }
        const cells = this.#rows.many('deployment_statistics_cells', id)
        return {
          model: modelOf(row),
          champion: { model: champion },
          role: row.role,
          month: row.month,
          cells: cells.map(({ measure, code, bin, count }) => ({ measure, code, bin, count })),
        }
      }
      case 'epoch-root': {
        const { epoch, serial, run, envelopes, root, signature, ...row } = this.#rows.one('epoch_statement', id)
        const ranges = JSON.parse(String(row.ranges)) as unknown
        return { epoch, serial, run, closed: row.closed === 1, envelopes, root, ranges, signature }
      }
      case 'reported-state':
        return JSON.parse(String(this.#rows.one('reported_envelope', id).body)) as Row
      case 'device-health': {
        const row = this.#rows.one('device_health', id)
        return {
          softwareVersion: row.software_version,
          models: JSON.parse(String(row.models)) as unknown,
          figures: JSON.parse(String(row.figures)) as unknown,
        }
      }
      case 'audit-leaf': {
        const row = this.#rows.leaf(id)
        return { index: row.leaf_index, leaf: (row.leaf as Buffer).toString('base64') }
      }
      case 'audit-checkpoint':
        return { note: this.#rows.one('site_checkpoint', id).note }
    }
  }

  #features(id: number): Row {
    const row = this.#rows.one('instance_features', id)
    const { study, patient, revision, instance, modality, view, sex, month } = row
    return {
      study,
      patient,
      ...named(row.generation),
      revision,
      instance,
      acquisition: { modality, view, sex, ageDecade: row.age_decade, month },
      model: modelOf(row),
      embedding: (row.embedding as Buffer).toString('base64'),
      scores: this.#rows.many('instance_scores', id).map((score) => ({
        code: score.code,
        value: score.value,
        thresholdMilli: score.threshold_milli,
        above: score.above === 1,
      })),
      quality: JSON.parse(String(row.quality)) as unknown,
    }
  }
}

function sqliteRows(database: Database.Database): EffectRows {
  const prepared = new Map<string, Database.Statement>()
  const statement = (sql: string): Database.Statement => {
    const known = prepared.get(sql) ?? database.prepare(sql)
    prepared.set(sql, known)
    return known
  }
  return {
    one: (table, id) => statement(ONE(table)).get(id) as Row,
    many: (table, id) => statement(MANY(table)).all(id) as Row[],
    leaf: (id) => statement(LEAF).get(id) as Row,
    effects: (id) => (statement(COUNT).get({ id }) as { readonly effects: number }).effects,
  }
}

/** The first generation is not named in an envelope. */
function named(generation: unknown): Row {
  return generation === null ? {} : { generation }
}

function modelOf(row: Row): Row {
  return { name: row.model_name, version: row.model_version, digest: row.model_digest }
}
