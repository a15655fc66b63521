import type { Database } from 'better-sqlite3'
import { Prepared } from './prepared.ts'

/** A version that a safety officer recalled; `recalledAt` is ISO 8601. */
export interface RecallRow {
  readonly digest: string
  readonly name: string
  readonly version: string
  readonly reason: string
  readonly person: string
  readonly recalledAt: string
  readonly seenAt: number
}

/** A model that somebody at the site stopped. */
export interface StopRow {
  readonly name: string
  readonly reason: string
  readonly stoppedBy: string
  readonly stoppedAt: number
}

export const INSERT_RECALL = `
INSERT INTO model_recall (model_digest, model_name, model_version, reason, person, recalled_at, seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
export const SELECT_RECALL = 'SELECT 1 FROM model_recall WHERE model_digest = ?'
export const SELECT_RECALLS = `
SELECT model_digest AS digest, model_name AS name, model_version AS version, reason, person, recalled_at AS recalledAt,
  seen_at AS seenAt FROM model_recall ORDER BY seen_at DESC, model_digest`
export const INSERT_STOP = `
INSERT INTO model_stop (model_name, reason, stopped_by, stopped_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
export const DELETE_STOP = 'DELETE FROM model_stop WHERE model_name = ?'
export const SELECT_STOP = `
SELECT model_name AS name, reason, stopped_by AS stoppedBy, stopped_at AS stoppedAt FROM model_stop WHERE model_name = ?`

/** What keeps a version from scoring. */
export type HaltReason = 'recalled' | 'stopped-at-site'

/** What stops models, whichever version is in use. */
export class HaltRecords {
  readonly #sql: Prepared

  constructor(database: Database) {
    this.#sql = new Prepared(database)
  }

  /** @returns false for one that is known. */
  addRecall({ digest, name, version, reason, person, recalledAt, seenAt }: RecallRow): boolean {
    return this.#sql.run(INSERT_RECALL, digest, name, version, reason, person, recalledAt, seenAt).changes === 1
  }

  isRecalled(digest: string): boolean {
    return this.#sql.get(SELECT_RECALL, digest) !== undefined
  }

  recalls(): readonly RecallRow[] {
    return this.#sql.all(SELECT_RECALLS)
  }

  /** @returns false when the model is stopped already. */
  stop({ name, reason, stoppedBy, stoppedAt }: StopRow): boolean {
    return this.#sql.run(INSERT_STOP, name, reason, stoppedBy, stoppedAt).changes === 1
  }

  /** @returns false when it was not stopped. */
  start(name: string): boolean {
    return this.#sql.run(DELETE_STOP, name).changes === 1
  }

  stopOf(name: string): StopRow | undefined {
    return this.#sql.get(SELECT_STOP, name)
  }

  /** Why a version does not score although it is in use; a recall goes before a stop. */
  haltOf({ name, digest }: { readonly name: string; readonly digest: string }): HaltReason | undefined {
    if (this.isRecalled(digest)) return 'recalled'
    return this.stopOf(name) === undefined ? undefined : 'stopped-at-site'
  }
}
