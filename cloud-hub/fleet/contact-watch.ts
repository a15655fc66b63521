import type { AuditEventInput } from '@leadglass/sync-agent/audit-log'
import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'

/** A device that says nothing for longer than this is silent. Boxes report their health every minute. */
export const SILENT_AFTER_MS = 900_000
/** How often to look, in milliseconds. */
export const CONTACT_EVERY_MS = 5_000

const DEVICES = `SELECT d.device, d.last_seen_at AS seenAt, c.state FROM device d
  LEFT JOIN device_contact c ON c.device = d.device WHERE d.revoked_at IS NULL AND d.last_seen_at IS NOT NULL
  ORDER BY d.device`
const WRITE = `INSERT INTO device_contact (device, state, since) VALUES (?, ?, ?)
  ON CONFLICT (device) DO UPDATE SET state = excluded.state, since = excluded.since`

/** What the watch works with. */
export interface ContactWatchParts {
  readonly database: Database.Database
  readonly audit: { record(event: AuditEventInput): void }
  readonly clock: Clock
}

/** Writes down when a device is heard, first or again, and when it has fallen silent: once each, whatever way it comes. */
export class ContactWatch {
  readonly #parts: ContactWatchParts

  constructor(parts: ContactWatchParts) {
    this.#parts = parts
  }

  /** Compares what is known with when each device was last heard. A change is one row and one leaf, together. */
  look(): void {
    const { database, clock } = this.#parts
    const now = clock.now()
    database
      .transaction(() => {
        const rows = database.prepare(DEVICES).all() as readonly {
          readonly device: string
          readonly seenAt: string
          readonly state: 'heard' | 'silent' | null
        }[]
        for (const { device, seenAt, state } of rows) {
          const next = now - Date.parse(seenAt) > SILENT_AFTER_MS ? 'silent' : 'heard'
          if (next !== state && !(next === 'silent' && state === null)) this.#changed(device, next, toIsoInstant(now))
        }
      })
      .immediate()
  }

  #changed(device: string, state: 'heard' | 'silent', at: string): void {
    const { database, audit } = this.#parts
    database.prepare(WRITE).run(device, state, at)
    const isHeard = state === 'heard'
    audit.record({
      event: isHeard ? 'device.connected' : 'device.silent',
      actor: isHeard ? { kind: 'device', id: device } : { kind: 'system', id: 'hub.fleet' },
      subject: { kind: 'device', id: device },
      outcome: isHeard ? 'success' : 'failure',
    })
  }
}
