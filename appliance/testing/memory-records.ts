import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRecords, type Records } from '../records/index.ts'

/** A real, empty, encrypted records.db in a temporary folder. `dispose` closes and removes it. */
export function temporaryRecords(): { readonly records: Records; readonly path: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-records-'))
  const path = join(folder, 'records.db')
  const records = openRecords(path, new Uint8Array(32).fill(7))
  return {
    records,
    path,
    dispose: () => {
      records.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
