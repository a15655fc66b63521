import type { Clock } from '@leadglass/sync-agent/foundation'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'

/** A leaf travels before what it is about, but an envelope may overtake it by as much as this. */
const GRACE_MS = 600_000
/** How often to look, in milliseconds. */
export const RECORDING_EVERY_MS = 60_000

const DEVICES = 'SELECT device FROM device'
/** Work on studies of which no leaf of the device speaks, committed after the last look and before the grace. */
const UNRECORDED = `SELECT count(*) AS studies FROM (
  SELECT DISTINCT coalesce(f.study, l.study) AS study FROM envelope_inbox i
    LEFT JOIN instance_features f ON f.envelope = i.id LEFT JOIN study_labels l ON l.envelope = i.id
    WHERE i.device = @device AND i.id > @from AND i.id <= @to AND i.stream IN ('features', 'labels')) w
  WHERE w.study IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM audited_study s WHERE s.device = @device AND s.study = w.study)`
const RIPE = 'SELECT max(id) AS id FROM envelope_inbox WHERE received_at <= ?'
const READ_LOOK = 'SELECT envelope FROM recording_check WHERE device = ?'
const WRITE_LOOK = `INSERT INTO recording_check (device, envelope) VALUES (?, ?)
  ON CONFLICT (device) DO UPDATE SET envelope = excluded.envelope`

/** Where doubt about a device's log goes. */
type RaiseDoubt = (device: string, code: 'audit-recording-off', studies: number) => void

/**
 * Finds devices whose recording is off: every score and every label is sealed in the transaction that appends a leaf about
 * its study, so work on a study that no leaf speaks of was done with recording switched off.
 */
export class RecordingWatch {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #raise: RaiseDoubt

  constructor(database: Database.Database, clock: Clock, raise: RaiseDoubt) {
    this.#database = database
    this.#clock = clock
    this.#raise = raise
  }

  /** Looks at everything that came since the last look, of every device. */
  look(): void {
    const ripe = this.#database.prepare(RIPE).get(toIsoInstant(this.#clock.now() - GRACE_MS)) as {
      readonly id: number | null
    }
    for (const { device } of this.#database.prepare(DEVICES).all() as { readonly device: string }[]) {
      this.#database.transaction(() => this.#lookAt(device, ripe.id ?? 0)).immediate()
    }
  }

  #lookAt(device: string, to: number): void {
    const last = this.#database.prepare(READ_LOOK).get(device) as { readonly envelope: number } | undefined
    const from = last?.envelope ?? 0
    if (to <= from) return
    const { studies } = this.#database.prepare(UNRECORDED).get({ device, from, to }) as { readonly studies: number }
    if (studies > 0) this.#raise(device, 'audit-recording-off', studies)
    this.#database.prepare(WRITE_LOOK).run(device, to)
  }
}
