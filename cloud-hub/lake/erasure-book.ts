import { type Clock, digestOf, isCodedError, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { ErasureReport, ErasureRequest } from './erasure-record.ts'

const INSERT = `INSERT INTO lake_erasure (erasure, site, subject_digest, requested_by, reason, begun_at, open_patient,
  open_studies, envelopes) VALUES (@erasure, @site, @subject, @requestedBy, @reason, @at, @patient, @studies, @envelopes)`
const INSERT_ENVELOPE = 'INSERT INTO erased_envelope (envelope, erasure) VALUES (?, ?) ON CONFLICT DO NOTHING'
const OF_ERASURE = 'WHERE envelope IN (SELECT envelope FROM erased_envelope WHERE erasure = ?)'
/** Scores before the features that they refer to. */
const EFFECTS = ['instance_scores', 'instance_features', 'not_scored', 'study_labels', 'study_revisions'] as const
/** What was computed of many studies, kept so as not to be computed anew; the next look computes it without the patient. */
const DERIVED = ['performance_view', 'fairness_view'] as const
const READ_OPEN = `SELECT erasure, site, open_patient AS patient, open_studies AS studies, requested_by AS requestedBy,
  reason, envelopes FROM lake_erasure WHERE finished_at IS NULL ORDER BY begun_at, erasure`
const CLOSE = `UPDATE lake_erasure SET finished_at = ?, open_patient = NULL, open_studies = NULL, report = ?
  WHERE erasure = ?`
const READ_ALL = `SELECT erasure, site, requested_by AS requestedBy, reason, begun_at AS begunAt, finished_at AS finishedAt,
  envelopes, report FROM lake_erasure ORDER BY begun_at DESC, erasure`
const READ_SUBJECTS = 'SELECT DISTINCT subject_digest AS subject FROM lake_erasure ORDER BY subject_digest'
const READ_SUPERSEDED = 'SELECT digest FROM dataset_superseded WHERE erasure = ? ORDER BY digest'

/** An erasure that is under way: what it is about is kept until it has ended, and not longer. */
export interface OpenErasure {
  readonly erasure: string
  readonly site: string
  readonly patient: string
  /** Studies that belong to the patient by the last word of the site, whatever their earlier rows say. */
  readonly studies: readonly string[]
  readonly requestedBy: string
  readonly reason: string
  readonly envelopes: number
}

/** What remains of an erasure: who, when, why and how much; no pseudonym. */
export interface ListedErasure {
  readonly erasure: string
  readonly site: string
  readonly requestedBy: string
  readonly reason: string
  readonly begunAt: string
  readonly finishedAt: string | null
  readonly envelopes: number
  readonly report: ErasureReport | null
}

/** The record of erasures, and their part in the hub's own tables. */
export class ErasureBook {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /**
   * Writes the record and deletes the effects of the envelopes, in one transaction: from here on the erasure will be ended
   * whatever happens. The rows of the inbox stay with their digests, so epoch roots and accounts stay whole.
   */
  begin(erasure: string, request: ErasureRequest, studies: readonly string[], envelopes: readonly number[]): void {
    const { site, patient, requestedBy, reason } = request
    // Deleted pages are overwritten with zeros, and the journal that still holds them goes.
    this.#setting('secure_delete = ON')
    this.#database
      .transaction(() => {
        this.#database.prepare(INSERT).run({
          erasure,
          site,
          patient,
          requestedBy,
          reason,
          subject: subjectDigest(site, patient),
          at: toIsoInstant(this.#clock.now()),
          studies: JSON.stringify(studies),
          envelopes: envelopes.length,
        })
        const insert = this.#database.prepare(INSERT_ENVELOPE)
        for (const envelope of envelopes) insert.run(envelope, erasure)
        for (const table of EFFECTS) this.#database.prepare(`DELETE FROM ${table} ${OF_ERASURE}`).run(erasure)
        for (const table of DERIVED) this.#database.prepare(`DELETE FROM ${table}`).run()
      })
      .immediate()
    this.#setting('wal_checkpoint(TRUNCATE)')
    this.#setting('secure_delete = OFF')
  }

  open(): readonly OpenErasure[] {
    const rows = this.#database.prepare(READ_OPEN).all() as (Omit<OpenErasure, 'studies'> & { studies: string })[]
    return rows.map((row) => ({ ...row, studies: JSON.parse(row.studies) as string[] }))
  }

  /** Ends an erasure: its pseudonyms are blanked. */
  close(report: ErasureReport): void {
    this.#database.prepare(CLOSE).run(toIsoInstant(this.#clock.now()), JSON.stringify(report), report.erasure)
    this.#setting('wal_checkpoint(TRUNCATE)')
  }

  list(): readonly ListedErasure[] {
    const rows = this.#database.prepare(READ_ALL).all() as (Omit<ListedErasure, 'report'> & { report: string | null })[]
    return rows.map((row) => ({
      ...row,
      report: row.report === null ? null : (JSON.parse(row.report) as ErasureReport),
    }))
  }

  /** Digests of everybody who was erased, by which rows are known that come afterwards. */
  subjects(): readonly string[] {
    return (this.#database.prepare(READ_SUBJECTS).all() as { readonly subject: string }[]).map((row) => row.subject)
  }

  /** A setting of SQLite. On PostgreSQL there is none: what was deleted goes with the server's own vacuum. */
  #setting(source: string): void {
    try {
      this.#database.pragma(source)
    } catch (error) {
      if (!isCodedError(error) || error.code !== 'statement-refused') throw error
    }
  }

  /** The snapshots that an erasure superseded. */
  superseded(erasure: string): readonly string[] {
    return (this.#database.prepare(READ_SUPERSEDED).all(erasure) as { readonly digest: string }[]).map((r) => r.digest)
  }
}

/** SHA-256 of `<site>/<pseudonym>`: a pseudonym has 128 random bits, so it cannot be found from this by trying. */
export function subjectDigest(site: string, patient: string): string {
  return digestOf(`${site}/${patient}`)
}
