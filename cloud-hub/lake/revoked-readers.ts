import { type Clock, toIsoInstant } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'

const READ = `SELECT site, reader, revoked_by AS revokedBy, reason, revoked_at AS revokedAt FROM revoked_reader
  ORDER BY site, reader`
const REVOKE = `INSERT INTO revoked_reader (site, reader, revoked_by, reason, revoked_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const RESTORE = 'DELETE FROM revoked_reader WHERE site = ? AND reader = ?'
const IS_SITE = 'SELECT 1 AS one FROM device WHERE device = ?'

/** A reader whose labels do not count. `reader` is the pseudonym under which the site names them. */
export interface RevokedReader {
  readonly site: string
  readonly reader: string
  readonly revokedBy: string
  readonly reason: string
  readonly revokedAt: string
}

/** Readers whose labels no dataset takes any more. Labels that were given stay in the lake: a revocation can be taken back. */
export class RevokedReaders {
  readonly #database: Database.Database
  readonly #clock: Clock

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  list(): readonly RevokedReader[] {
    return this.#database.prepare(READ).all() as RevokedReader[]
  }

  /** @returns `unknown-site` for a site that was never enrolled, `already` when the reader was revoked before. */
  revoke(of: Omit<RevokedReader, 'revokedAt'>): 'revoked' | 'already' | 'unknown-site' {
    if (this.#database.prepare(IS_SITE).get(of.site) === undefined) return 'unknown-site'
    const at = toIsoInstant(this.#clock.now())
    const { changes } = this.#database.prepare(REVOKE).run(of.site, of.reader, of.revokedBy, of.reason, at)
    return changes === 1 ? 'revoked' : 'already'
  }

  /** @returns false when the reader was not revoked. */
  restore(site: string, reader: string): boolean {
    return this.#database.prepare(RESTORE).run(site, reader).changes === 1
  }
}
