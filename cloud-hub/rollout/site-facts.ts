import type { ModelReference, ReportedDocument } from '@leadglass/sync-agent/contract'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import type { ReportedBook } from '../fleet/index.ts'
import type { SiteFacts, SiteProgress } from './rollout-machine.ts'

export const SCORED_SINCE = `SELECT count(*) AS count FROM instance_features f JOIN envelope_inbox i ON i.id = f.envelope
  WHERE f.model_name = ? AND f.model_digest = ? AND i.device = ? AND i.received_at >= ?`
export const NOT_SCORED_SINCE = `SELECT count(*) AS count, coalesce(sum(n.reason LIKE 'model-failed%'), 0) AS errors
  FROM not_scored n JOIN envelope_inbox i ON i.id = n.envelope WHERE i.device = ? AND i.received_at >= ?`
/** Alerts that nobody has settled: a person who looked at one has decided that it stops nothing. */
export const DRIFT_ALARMS_SINCE = `SELECT count(*) AS count FROM drift_alert
  WHERE device = ? AND digest = ? AND raised_at >= ? AND settled_at IS NULL`

/** What the hub knows of the sites of a rollout, from what their devices signed and sent. */
export class SiteFactReader {
  readonly #database: Database.Database
  readonly #reported: Pick<ReportedBook, 'read'>

  constructor(database: Database.Database, reported: Pick<ReportedBook, 'read'>) {
    this.#database = database
    this.#reported = reported
  }

  /** @param since when the present ring began, milliseconds. */
  read(device: string, model: ModelReference, isAssigned: boolean, since: number): SiteFacts {
    const row = this.#reported.read(device)
    const from = toIsoInstant(since)
    const scored = this.#count(SCORED_SINCE, model.name, model.digest, device, from).count
    const { count: notScored, errors = 0 } = this.#count(NOT_SCORED_SINCE, device, from)
    return {
      device,
      progress: progressOf(row?.document, model, isAssigned),
      runs: scored + notScored,
      errors,
      notScored,
      driftAlarms: this.#count(DRIFT_ALARMS_SINCE, device, model.digest, from).count,
      lastReportAt: row === undefined ? null : Date.parse(row.at),
    }
  }

  /** The version of the model that a site reports as in use. */
  inUse(device: string, name: string): ModelReference | undefined {
    return this.#reported.read(device)?.document?.models.find(({ model }) => model.name === name)?.model
  }

  #count(sql: string, ...values: readonly string[]): { readonly count: number; readonly errors?: number } {
    return this.#database.prepare(sql).get(...values) as { count: number; errors?: number }
  }
}

/** How a site stands with a version, by its own signed report. */
export function progressOf(
  document: ReportedDocument | undefined,
  { digest }: ModelReference,
  isAssigned: boolean,
): SiteProgress {
  const activation = document?.activations?.find(({ model }) => model.digest === digest)?.state
  if (activation === 'recalled' || activation === 'stopped-at-site') return 'stopped'
  if (activation === 'waiting' || activation === 'quarantined') return 'taken-back'
  const isUsed = document?.models.some(({ model }) => model.digest === digest) === true
  // A version on trial scores, and may still be taken back: it counts as used once it stays.
  if (isUsed) return activation === 'trial' || activation === 'clean' ? 'on-its-way' : 'in-use'
  if (!isAssigned) return 'not-assigned'
  return activation === undefined ? 'assigned' : 'on-its-way'
}
