import type {
  DeploymentStatistics,
  DriftCounts,
  EnvelopeBody,
  EpochRoot,
  InstanceFeatures,
  NotScored,
  StudyLabel,
  StudyRevision,
} from '@leadglass/sync-agent/contract'
import { canonicalJson } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { ReportedBook } from '../fleet/index.ts'
import { hoursSince1970 } from './drift-hour.ts'

/** The bodies whose effect is a plain row; the audit mirror keeps the others. */
export type PlainBody = Exclude<EnvelopeBody, { kind: 'audit-leaf' | 'audit-checkpoint' }>

const INSERT_FEATURES = `INSERT INTO instance_features (envelope, study, patient, revision, instance, modality, view, sex,
  age_decade, month, model_name, model_version, model_digest, embedding, quality, generation)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_SCORE = `INSERT INTO instance_scores (envelope, position, code, value, threshold_milli, above)
  VALUES (?, ?, ?, ?, ?, ?)`
const INSERT_NOT_SCORED = `INSERT INTO not_scored (envelope, study, patient, revision, instance, reason, generation)
  VALUES (?, ?, ?, ?, ?, ?, ?)`
const INSERT_LABEL = `INSERT INTO study_labels (envelope, label, study, patient, revision, finding, value, reader, blind,
  generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_DRIFT = `INSERT INTO drift_counts (envelope, model_name, model_version, model_digest, feature, month,
  hour) VALUES (?, ?, ?, ?, ?, ?, ?)`
const INSERT_CELL = `INSERT INTO drift_cells (envelope, position, bin, count) VALUES (?, ?, ?, ?)`
const INSERT_DEPLOYMENT = `INSERT INTO deployment_statistics (envelope, model_name, model_version, model_digest,
  champion_name, champion_version, champion_digest, role, month) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_DEPLOYMENT_CELL = `INSERT INTO deployment_statistics_cells (envelope, position, measure, code, bin, count)
  VALUES (?, ?, ?, ?, ?, ?)`
const INSERT_REVISION = `INSERT INTO study_revisions (envelope, study, patient, revision, causes, same_instances,
  generation) VALUES (?, ?, ?, ?, ?, ?, ?)`
const INSERT_STATEMENT = `INSERT INTO epoch_statement (envelope, epoch, serial, run, closed, envelopes, root, ranges,
  signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_HEALTH = `INSERT INTO device_health (envelope, software_version, models, figures) VALUES (?, ?, ?, ?)`

/** Writes the effect of an accepted envelope. Must run inside the transaction that accepts it. */
export class EffectWriter {
  readonly #features: Database.Statement
  readonly #score: Database.Statement
  readonly #notScored: Database.Statement
  readonly #label: Database.Statement
  readonly #drift: Database.Statement
  readonly #cell: Database.Statement
  readonly #deployment: Database.Statement
  readonly #deploymentCell: Database.Statement
  readonly #revision: Database.Statement
  readonly #health: Database.Statement
  readonly #reported: ReportedBook
  readonly #statement: Database.Statement

  constructor(database: Database.Database) {
    this.#features = database.prepare(INSERT_FEATURES)
    this.#score = database.prepare(INSERT_SCORE)
    this.#notScored = database.prepare(INSERT_NOT_SCORED)
    this.#label = database.prepare(INSERT_LABEL)
    this.#drift = database.prepare(INSERT_DRIFT)
    this.#cell = database.prepare(INSERT_CELL)
    this.#deployment = database.prepare(INSERT_DEPLOYMENT)
    this.#deploymentCell = database.prepare(INSERT_DEPLOYMENT_CELL)
    this.#revision = database.prepare(INSERT_REVISION)
    this.#health = database.prepare(INSERT_HEALTH)
    this.#reported = new ReportedBook(database)
    this.#statement = database.prepare(INSERT_STATEMENT)
  }

  /** @param id row of the envelope in `envelope_inbox`. */
  write(id: number, body: PlainBody): void {
    switch (body.kind) {
      case 'instance-features':
        this.#writeFeatures(id, body)
        break
      case 'not-scored':
        this.#writeNotScored(id, body)
        break
      case 'study-revision':
        this.#writeRevision(id, body)
        break
      case 'study-label':
        this.#writeLabel(id, body)
        break
      case 'drift-counts':
        this.#writeDrift(id, body)
        break
      case 'deployment-statistics':
        this.#writeDeployment(id, body)
        break
      case 'epoch-root':
        this.#writeStatement(id, body)
        break
      case 'reported-state':
        this.#reported.take(id, body)
        break
      case 'device-health':
        this.#health.run(id, body.softwareVersion, canonicalJson(body.models), canonicalJson(body.figures))
    }
  }

  #writeStatement(id: number, body: EpochRoot): void {
    const { epoch, serial, run, closed, envelopes, root, ranges, signature } = body
    this.#statement.run(id, epoch, serial, run, closed ? 1 : 0, envelopes, root, canonicalJson(ranges), signature)
  }

  #writeFeatures(id: number, body: InstanceFeatures): void {
    const { modality, view, sex, ageDecade, month } = body.acquisition
    const { name, version, digest } = body.model
    this.#features.run(
      id,
      body.study,
      body.patient,
      body.revision,
      body.instance,
      modality,
      view,
      sex,
      ageDecade,
      month,
      name,
      version,
      digest,
      Buffer.from(body.embedding, 'base64'),
      canonicalJson(body.quality),
      body.generation ?? null,
    )
    for (const [position, score] of body.scores.entries()) {
      this.#score.run(id, position, score.code, score.value, score.thresholdMilli, score.above ? 1 : 0)
    }
  }

  #writeNotScored(id: number, body: NotScored): void {
    const { study, patient, revision, instance, reason, generation = null } = body
    this.#notScored.run(id, study, patient, revision, instance, reason, generation)
  }

  #writeRevision(id: number, body: StudyRevision): void {
    const { study, patient, revision, causes, sameInstances, generation = null } = body
    const [whys, same] = [canonicalJson(causes), canonicalJson(sameInstances)]
    this.#revision.run(id, study, patient, revision, whys, same, generation)
  }

  #writeLabel(id: number, body: StudyLabel): void {
    const { label, study, patient, revision, finding, value, reader, blind, generation = null } = body
    this.#label.run(id, label, study, patient, revision, finding, value, reader, blind ? 1 : 0, generation)
  }

  #writeDeployment(id: number, { model, champion, role, month, cells }: DeploymentStatistics): void {
    const than = champion.model
    const versions = [model.name, model.version, model.digest, than.name, than.version, than.digest]
    this.#deployment.run(id, ...versions, role, month)
    for (const [position, { measure, code, bin, count }] of cells.entries()) {
      this.#deploymentCell.run(id, position, measure, code, bin, count)
    }
  }

  #writeDrift(id: number, body: DriftCounts): void {
    const { model, feature, month, hour } = body
    const at = hour === undefined ? null : hoursSince1970(month, hour)
    this.#drift.run(id, model.name, model.version, model.digest, feature, month, at)
    for (const [position, cell] of body.cells.entries()) this.#cell.run(id, position, cell.bin, cell.count)
  }
}
