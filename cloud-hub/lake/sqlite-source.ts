import { digestOf, type JsonValue } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { figuresOf } from './embedding.ts'
import type { LakeSource, SourceBatch, TakenEnvelopes } from './source.ts'
import { LAKE_ROW_SCHEMA, type LakeCell, type LakeRow, type LakeTable } from './tables.ts'

const READ_LAST = `SELECT max(id) AS last, count(*) AS n FROM
  (SELECT id FROM envelope_inbox WHERE id > ? ORDER BY id LIMIT ?)`
const READ_WATERMARKS = `SELECT device AS site, epoch, stream, sequence FROM stream_watermark
  ORDER BY device, epoch, stream`
const TAKEN = `SELECT i.device AS site, i.kind, count(*) AS envelopes, count(e.envelope) AS erased FROM envelope_inbox i
  LEFT JOIN erased_envelope e ON e.envelope = i.id WHERE i.id <= ? GROUP BY i.device, i.kind ORDER BY i.device, i.kind`

const origin = 'i.device AS site, i.received_at AS receivedAt, t.envelope'
const subject = 't.study, t.patient, ifnull(t.generation, 1) AS generation, t.revision'
const model = 't.model_name AS modelName, t.model_version AS modelVersion, t.model_digest AS modelDigest'
const range = 'JOIN envelope_inbox i ON i.id = t.envelope WHERE t.envelope > ? AND t.envelope <= ?'

/** The statements by which the rows of a range of envelopes are read. Each follows the primary key. */
export const READ_TABLES = {
  features: `SELECT ${origin}, ${subject}, t.instance, t.modality, t.view, t.sex, t.age_decade AS ageDecade, t.month,
    ${model}, t.embedding, t.quality FROM instance_features t ${range} ORDER BY t.envelope`,
  scores: `SELECT s.envelope, s.position, s.code, s.value, s.threshold_milli AS threshold, s.above FROM instance_scores s
    WHERE s.envelope > ? AND s.envelope <= ? ORDER BY s.envelope, s.position`,
  not_scored: `SELECT ${origin}, ${subject}, t.instance, t.reason FROM not_scored t ${range} ORDER BY t.envelope`,
  labels: `SELECT ${origin}, ${subject}, t.label, t.finding, t.value, t.reader, t.blind FROM study_labels t ${range}
    ORDER BY t.envelope`,
  revisions: `SELECT ${origin}, ${subject}, t.causes, t.same_instances AS sameInstances FROM study_revisions t ${range}
    ORDER BY t.envelope`,
  drift_counts: `SELECT ${origin}, ${model}, t.feature, t.month, c.position, c.bin, c.count FROM drift_counts t
    JOIN drift_cells c ON c.envelope = t.envelope ${range} ORDER BY t.envelope, c.position`,
} as const

interface Row {
  readonly [column: string]: string | number | Buffer | null
}

/** Envelopes as they stand in `hub.db`. Ids rise with each commit, since the database has one writer. */
export class SqliteLakeSource implements LakeSource {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  async read(after: number, limit: number): Promise<SourceBatch> {
    return this.#database.transaction(() => {
      const found = this.#database.prepare(READ_LAST).get(after, limit) as { last: number | null; n: number }
      const last = found.last ?? after
      const all = (sql: string): Row[] => this.#database.prepare(sql).all(after, last) as Row[]
      const features = all(READ_TABLES.features)
      return {
        last,
        complete: found.n < limit,
        rows: new Map<LakeTable, readonly LakeRow[]>([
          ['features', features.map(featuresRow)],
          ['scores', scoreRows(features, all(READ_TABLES.scores))],
          ['quality', features.flatMap(qualityRows)],
          ['not_scored', all(READ_TABLES.not_scored).map((row) => placed(row, pick(row, 'instance', 'reason')))],
          ['labels', all(READ_TABLES.labels).map(labelRow)],
          ['revisions', all(READ_TABLES.revisions).map(revisionRow)],
          ['drift_counts', all(READ_TABLES.drift_counts).map(driftRow)],
        ]),
        watermarks: this.#database.prepare(READ_WATERMARKS).all() as JsonValue[],
      }
    })()
  }

  async taken(upTo: number): Promise<readonly TakenEnvelopes[]> {
    return this.#database.prepare(TAKEN).all(upTo) as TakenEnvelopes[]
  }
}

function featuresRow(row: Row): LakeRow {
  const { embedding, norm } = figuresOf(row.embedding as Buffer)
  const digest = digestOf(row.embedding as Buffer)
  const acquisition = pick(row, 'instance', 'modality', 'view', 'sex', 'ageDecade', 'month')
  return placed(row, [...acquisition, ...modelOf(row), embedding, embedding.length, norm, digest])
}

function scoreRows(features: readonly Row[], scores: readonly Row[]): LakeRow[] {
  const of = new Map(features.map((row) => [row.envelope, row]))
  return scores.flatMap((score) => {
    const row = of.get(score.envelope ?? null)
    if (row === undefined) return []
    const figures = [...pick(score, 'position', 'code', 'value', 'threshold'), score.above === 1]
    return [placed(row, [...pick(row, 'instance'), ...modelOf(row), ...figures])]
  })
}

function qualityRows(row: Row): LakeRow[] {
  const measures = JSON.parse(String(row.quality)) as Record<string, number | null>
  return Object.entries(measures).map(([measure, value]) =>
    placed(row, [...pick(row, 'instance'), ...modelOf(row), measure, value]),
  )
}

function labelRow(row: Row): LakeRow {
  return placed(row, [...pick(row, 'label', 'finding', 'value', 'reader'), row.blind === 1])
}

function revisionRow(row: Row): LakeRow {
  return placed(row, [...pick(row, 'causes'), JSON.parse(String(row.sameInstances)) as number[]])
}

function driftRow(row: Row): LakeRow {
  return at(row, [...modelOf(row), ...pick(row, 'feature', 'month', 'position', 'bin', 'count')])
}

function placed(row: Row, cells: readonly LakeCell[]): LakeRow {
  return at(row, [...pick(row, 'study', 'patient', 'generation', 'revision'), ...cells])
}

function at(row: Row, cells: readonly LakeCell[]): LakeRow {
  const receivedAt = String(row.receivedAt)
  const from: readonly LakeCell[] = [BigInt(Number(row.envelope)), receivedAt, LAKE_ROW_SCHEMA]
  return { site: String(row.site), date: receivedAt.slice(0, 10), cells: [...from, ...cells] }
}

function modelOf(row: Row): LakeCell[] {
  return pick(row, 'modelName', 'modelVersion', 'modelDigest')
}

function pick(row: Row, ...names: readonly string[]): LakeCell[] {
  return names.map((name) => (row[name] ?? null) as LakeCell)
}
