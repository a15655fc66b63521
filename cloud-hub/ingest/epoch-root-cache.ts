import type Database from 'better-sqlite3'
import { type DamagedEffect, type EpochRoot, epochRoots } from './epoch-roots.ts'

const FINGERPRINT = `SELECT count(*) || '/' || coalesce(sum(sequence), 0) AS state FROM stream_watermark`

/** Roots of all epochs, recomputed from the tables only when a watermark has moved since. */
export class EpochRootCache {
  readonly #database: Database.Database
  #known: { readonly state: string; readonly roots: EpochRoot[]; readonly damaged: DamagedEffect[] } | undefined

  constructor(database: Database.Database) {
    this.#database = database
  }

  read(): { readonly roots: readonly EpochRoot[]; readonly damaged: readonly DamagedEffect[] } {
    const { state } = this.#database.prepare(FINGERPRINT).get() as { readonly state: string }
    if (this.#known?.state !== state) this.#known = { state, ...epochRoots(this.#database) }
    return this.#known
  }
}
