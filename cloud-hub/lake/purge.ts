import type { LakeCatalog } from './catalog.ts'
import type { LakeFiles } from './files.ts'
import type { LakeTable } from './tables.ts'

/** Deletes the files that no version of a table has which can still be read. Can be repeated after a kill. */
export async function purge(catalog: LakeCatalog, files: LakeFiles, table: LakeTable): Promise<void> {
  for (const file of catalog.removedUntil(table, catalog.readableFrom(table))) {
    await files.remove(file.path)
    catalog.forget(file.path)
  }
}
