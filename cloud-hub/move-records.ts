import { HUB_MIGRATIONS } from './storage/index.ts'
import { type MoveReport, moveHubDatabase } from './storage/move/index.ts'

/**
 * Moves the records of a hub that does not run from SQLite to PostgreSQL, or back.
 * @param request.onProgress rows done of rows in all.
 * @throws {MoveError} when the hub runs, or the other database is not empty.
 */
export async function moveHubRecords(request: {
  readonly folder: string
  readonly to: { readonly kind: 'sqlite' } | { readonly kind: 'postgres'; readonly url: string }
  readonly onProgress?: (done: number, total: number) => void
}): Promise<MoveReport> {
  return moveHubDatabase({ ...request, migrations: HUB_MIGRATIONS })
}
