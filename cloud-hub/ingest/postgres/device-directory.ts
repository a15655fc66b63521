import type Database from 'better-sqlite3'

const READ =
  'SELECT revoked_at AS revokedAt, held_at AS heldAt, audit_log_key AS auditLogKey FROM device WHERE device = ?'
const SEEN = 'UPDATE device SET last_seen_at = ? WHERE device = ?'
/** How exact `last seen` is; every device would otherwise cost a commit of its own for each batch. */
const SEEN_EVERY_MS = 60_000

/** What the inbox has to know of a device. */
export interface KnownDevice {
  readonly revokedAt: string | null
  /** Two boxes came with its identity, and a person has yet to decide. */
  readonly heldAt: string | null
  /** C2SP verifier key of its audit log. */
  readonly auditLogKey: string | null
}

/** Which devices there are, for an inbox that stands in another database. */
export class DeviceDirectory {
  readonly #database: Database.Database
  readonly #read: Database.Statement
  readonly #seen: Database.Statement
  readonly #lastSeen = new Map<string, number>()

  constructor(database: Database.Database) {
    this.#database = database
    this.#read = database.prepare(READ)
    this.#seen = database.prepare(SEEN)
  }

  read(device: string): KnownDevice | undefined {
    return this.#read.get(device) as KnownDevice | undefined
  }

  /** Notes when devices were last heard, to the minute. */
  seen(devices: ReadonlyMap<string, string>): void {
    const due = [...devices].filter(([device, at]) => {
      const instant = Date.parse(at)
      if (instant - (this.#lastSeen.get(device) ?? 0) < SEEN_EVERY_MS) return false
      this.#lastSeen.set(device, instant)
      return true
    })
    if (due.length === 0) return
    this.#database.transaction(() => {
      for (const [device, at] of due) this.#seen.run(at, device)
    })()
  }
}
