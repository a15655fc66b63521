import type { EpochRange } from '@leadglass/sync-agent/contract'
import type { Clock } from '@leadglass/sync-agent/foundation'
import type Database from 'better-sqlite3'
import { EFFECT_TABLES } from './effect-reader.ts'

/** How the last comparison of an epoch came out: what the device stated, and what the hub's tables held. */
export interface ComparedEpoch {
  readonly device: string
  readonly epoch: number
  readonly closed: boolean
  readonly envelopes: number
  readonly root: string
  readonly hubEnvelopes: number
  readonly hubRoot: string
  readonly equal: boolean
  /** Narrowed down as far as the device has asked. */
  readonly differences: readonly Pick<EpochRange, 'stream' | 'from' | 'to'>[]
  readonly comparedAt: string
}

/** Looking for effects without an envelope reads all of them: not more often than this. */
const ORPHANS_EVERY_MS = 600_000

const READ = `SELECT device, epoch, closed, envelopes, root, hub_envelopes AS hubEnvelopes, hub_root AS hubRoot, equal,
  differences, compared_at AS comparedAt FROM epoch_comparison ORDER BY device, epoch DESC`
const ORPHANS = EFFECT_TABLES.map(
  (table) => `SELECT '${table}' AS effects, count(*) AS count FROM ${table} e
    WHERE NOT EXISTS (SELECT 1 FROM envelope_inbox i WHERE i.id = e.envelope)`,
).join(' UNION ALL ')

/** Reads what was found when epochs were compared. */
export class EpochBook {
  readonly #database: Database.Database
  readonly #clock: Clock
  #known: { readonly at: number; readonly orphans: { readonly effects: string; readonly count: number }[] } | undefined

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** The newest epoch of each device first. */
  compared(): ComparedEpoch[] {
    const rows = this.#database.prepare(READ).all() as Record<string, unknown>[]
    return rows.map((row) => ({
      ...(row as unknown as ComparedEpoch),
      closed: row.closed === 1,
      equal: row.equal === 1,
      differences: JSON.parse(String(row.differences)) as ComparedEpoch['differences'],
    }))
  }

  /** Effects that belong to no envelope at all: nobody sent them. Looked for at most every ten minutes. */
  orphans(): { readonly effects: string; readonly count: number }[] {
    const at = this.#clock.now()
    if (this.#known === undefined || Math.abs(at - this.#known.at) >= ORPHANS_EVERY_MS) {
      const rows = this.#database.prepare(ORPHANS).all() as { readonly effects: string; readonly count: number }[]
      this.#known = { at, orphans: rows.filter(({ count }) => count > 0) }
    }
    return this.#known.orphans
  }
}
