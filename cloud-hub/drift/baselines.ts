import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { CountedCells } from './counted-cells.ts'
import { total } from './measures.ts'

const FIND = 'SELECT cells, until FROM drift_baseline WHERE device = ? AND digest = ? AND feature = ?'
const KEEP = `INSERT INTO drift_baseline (device, digest, feature, cells, until) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (device, digest, feature) DO NOTHING`

const storedCells = z.array(z.tuple([z.number().int().min(0), z.number().int().min(0)]))

/** What a site counted in its first windows. */
export interface Baseline {
  readonly cells: ReadonlyMap<number, number>
  /** The end of the last of them, an ISO instant. */
  readonly until: string
}

/**
 * A site's own first windows, for features of which no package says how they were distributed. Taken once for each version
 * of a model and never moved: against a reference that moves along, slow drift cannot be seen.
 */
export class Baselines {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  find(device: string, digest: string, feature: string): Baseline | undefined {
    const row = this.#database.prepare(FIND).get(device, digest, feature) as
      | { readonly cells: string; readonly until: string }
      | undefined
    return row && { cells: new Map(storedCells.parse(JSON.parse(row.cells))), until: row.until }
  }

  /**
   * Keeps the baseline of a feature as soon as its first windows hold enough.
   * @param windows of one feature at one site, oldest first, ended ones only. @param least observations.
   */
  take(windows: readonly CountedCells[], least: number): void {
    const merged = new Map<number, number>()
    for (const { device, model, feature, window, cells } of windows) {
      addCells(merged, cells)
      if (total([...merged.values()]) < least) continue
      const stored = JSON.stringify([...merged].sort(([a], [b]) => a - b))
      this.#database.prepare(KEEP).run(device, model.digest, feature, stored, window.to)
      return
    }
  }
}

/** Adds counts to others, bin by bin. */
export function addCells(sum: Map<number, number>, cells: ReadonlyMap<number, number>): void {
  for (const [bin, count] of cells) sum.set(bin, (sum.get(bin) ?? 0) + count)
}
