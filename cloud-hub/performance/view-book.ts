import { type PerformanceView, performanceView } from '@leadglass/ui/contract/hub-api'
import type Database from 'better-sqlite3'

const WRITE = `INSERT INTO performance_view (device, model_digest, finding, computed_at, as_of, view) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (device, model_digest, finding)
  DO UPDATE SET computed_at = excluded.computed_at, as_of = excluded.as_of, view = excluded.view`
const FORGET = 'DELETE FROM performance_view WHERE model_digest = ? AND finding = ?'
const AS_OF = `SELECT as_of AS asOf FROM performance_view WHERE model_digest = ? AND finding = ? AND device = '*'`
const READ = `SELECT view FROM performance_view ORDER BY model_digest, finding, device`

/** What the last look computed, so that nobody waits for a million scores to be read. */
export class ViewBook {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  /** What the views of a version and finding were computed from. */
  asOf(digest: string, finding: string): string | undefined {
    const row = this.#database.prepare(AS_OF).get(digest, finding) as { readonly asOf: string } | undefined
    return row?.asOf
  }

  /** Replaces all views of a version and finding in one transaction. */
  replace(digest: string, finding: string, asOf: string, views: readonly PerformanceView[]): void {
    this.#database
      .transaction(() => {
        this.#database.prepare(FORGET).run(digest, finding)
        const write = this.#database.prepare(WRITE)
        for (const one of views) write.run(one.device, digest, finding, one.computedAt, asOf, JSON.stringify(one))
      })
      .immediate()
  }

  /** Views that are asked for, all of them without a wish. */
  list(wish: { readonly model?: string; readonly version?: string; readonly device?: string } = {}): PerformanceView[] {
    const rows = this.#database.prepare(READ).all() as { readonly view: string }[]
    return rows
      .map((row) => performanceView.parse(JSON.parse(row.view)))
      .filter(
        ({ model, device }) =>
          (wish.model === undefined || model.name === wish.model) &&
          (wish.version === undefined || model.version === wish.version) &&
          (wish.device === undefined || device === wish.device),
      )
  }
}
