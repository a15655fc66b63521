import type { Clock, Logger } from '@leadglass/sync-agent/foundation'
import type { Database } from 'better-sqlite3'
import type { AuditSink } from '../egress/index.ts'

/** How often to look, in milliseconds. */
export const RECORDING_EVERY_MS = 30_000

/** Scores and labels sealed since a moment: each of them in the transaction that appends a leaf. */
export const SEALED_ACTS = `
SELECT count(*) AS acts FROM envelope INDEXED BY envelope_by_time
WHERE sealed_at > ? AND stream IN ('labels', 'features')`

/** What the watch compares. */
export interface RecordingWatchParts {
  readonly database: Database
  readonly log: { readonly size: number }
  readonly audit: AuditSink
  readonly clock: Clock
  readonly logger: Logger
}

/** Finds out that work goes on while the log stands still: recording is off. */
export class RecordingWatch {
  readonly #parts: RecordingWatchParts
  #seen: { readonly at: number; readonly size: number } | undefined

  constructor(parts: RecordingWatchParts) {
    this.#parts = parts
  }

  /** Compares with the last look. @returns true when work went on and nothing was recorded. */
  look(): boolean {
    const { database, log, audit, clock, logger } = this.#parts
    const before = this.#seen
    const seen = { at: clock.now(), size: log.size }
    const isMoving = before === undefined || seen.size !== before.size
    const acts = isMoving ? 0 : (database.prepare(SEALED_ACTS).get(before.at) as { readonly acts: number }).acts
    if (acts === 0) {
      this.#seen = seen
      return false
    }
    logger.error('audit.recording-off', { acts })
    audit.recordNow({
      event: 'log.inconsistent',
      actor: { kind: 'system', id: 'witness' },
      subject: null,
      outcome: 'failure',
      codes: ['audit-recording-off', `acts-${acts}`],
    })
    // Only now: a finding that could not be written down is found again.
    this.#seen = seen
    return true
  }
}
