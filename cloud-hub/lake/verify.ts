import { stat } from 'node:fs/promises'
import { digestOf, digestOfFile } from '@leadglass/sync-agent/foundation'
import type { LakeCatalog } from './catalog.ts'
import type { LakeFiles } from './files.ts'
import { LAKE_TABLE_NAMES, type LakeTable } from './tables.ts'
import type { LakeFile } from './version.ts'

/** What is wrong, in words that name a table and a file or version, and nothing else. */
export interface LakeFinding {
  readonly table: LakeTable
  readonly what: 'chain-broken' | 'totals-differ' | 'files-differ' | 'file-missing' | 'file-altered' | 'file-unknown'
  readonly where: string
}

/**
 * Replays every chain of versions, holds the catalog's files against the outcome, and reads every file again.
 * @param progress after each file.
 */
export async function verifyLake(
  catalog: LakeCatalog,
  files: LakeFiles,
  progress: (done: number, of: number) => void = () => undefined,
): Promise<readonly LakeFinding[]> {
  const findings: LakeFinding[] = LAKE_TABLE_NAMES.flatMap((table) => replay(catalog, table))
  const live = LAKE_TABLE_NAMES.flatMap((table) => catalog.files(table).map((file) => ({ table, file })))
  for (const [i, { table, file }] of live.entries()) {
    const what = await stateOf(files, file)
    if (what !== undefined) findings.push({ table, what, where: file.path })
    progress(i + 1, live.length)
  }
  const known = catalog.paths()
  for (const path of await files.list()) {
    const table = LAKE_TABLE_NAMES.find((name) => path.startsWith(`tables/${name}/`)) ?? 'features'
    if (!known.has(path)) findings.push({ table, what: 'file-unknown', where: path })
  }
  return findings
}

function replay(catalog: LakeCatalog, table: LakeTable): LakeFinding[] {
  const findings: LakeFinding[] = []
  const held = new Map<string, LakeFile>()
  let parent: string | null = null
  for (const [i, { digest, text, manifest }] of catalog.chain(table).entries()) {
    const where = `version ${manifest.number}`
    const follows = manifest.parent === parent && manifest.number === i + 1 && manifest.table === table
    if (!follows || digestOf(text) !== digest) findings.push({ table, what: 'chain-broken', where })
    for (const path of manifest.removed) {
      if (!held.delete(path)) findings.push({ table, what: 'chain-broken', where })
    }
    for (const file of manifest.added) held.set(file.path, file)
    const sum = (of: 'rows' | 'bytes'): number => [...held.values()].reduce((all, file) => all + file[of], 0)
    const { totals } = manifest
    if (totals.files !== held.size || totals.rows !== sum('rows') || totals.bytes !== sum('bytes')) {
      findings.push({ table, what: 'totals-differ', where })
    }
    parent = digest
  }
  const stated = [...held.values()].map((file) => `${file.path} ${file.sha256} ${file.rows}`).sort()
  const listed = catalog
    .files(table)
    .map((file) => `${file.path} ${file.sha256} ${file.rows}`)
    .sort()
  if (stated.join('\n') !== listed.join('\n')) findings.push({ table, what: 'files-differ', where: 'catalog' })
  return findings
}

async function stateOf(files: LakeFiles, file: LakeFile): Promise<'file-missing' | 'file-altered' | undefined> {
  const path = files.pathOf(file)
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  )
  if (size === undefined) return 'file-missing'
  return size === file.bytes && (await digestOfFile(path)) === file.sha256 ? undefined : 'file-altered'
}
