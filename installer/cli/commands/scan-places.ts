import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { HeldSearch } from '@leadglass/appliance/commands'
import { archiveKindOf, readArchive } from '../../deid/archives/index.ts'
import type { InstanceLayout } from '../../start/layout.ts'

/** A place that is searched, and by what name it is reported. */
export interface ScanPlace {
  readonly name: string
  readonly path: string
  /** False: the files of the folder itself only. */
  readonly isDeep: boolean
}

/** What was found at a place. */
export interface PlaceReport {
  readonly place: string
  readonly path: string
  readonly files: number
  readonly bytes: number
  /** Files with identifiers, and how many different ones; `entry` counts within an archive, from 1. */
  readonly hits: readonly FileHit[]
  /** Findings that chance and language write as well; no alarm. */
  readonly weak: number
  /** What could not be searched, and so is not known to be clean. */
  readonly unread: readonly { readonly file: string; readonly entry?: number; readonly reason: string }[]
}

interface FileHit {
  readonly file: string
  readonly entry?: number
  readonly identifiers: number
}

/** Everything of an instance outside the PHI zone. */
export function placesOf(layout: InstanceLayout): ScanPlace[] {
  const deep = {
    exchange: layout.exchange,
    agent: layout.agent.folder,
    hub: layout.hub.folder,
    logs: layout.logs,
    ceremony: layout.ceremony,
  }
  return [
    ...Object.entries(deep).map(([name, path]) => ({ name, path, isDeep: true })),
    { name: 'instance', path: layout.root, isDeep: false },
  ]
}

/** Searches a place. A place that does not exist has no files. */
export async function scanPlace(
  search: HeldSearch,
  { name, path, isDeep }: ScanPlace,
  onFile: () => void,
): Promise<PlaceReport> {
  const report = {
    place: name,
    path,
    files: 0,
    bytes: 0,
    hits: [] as FileHit[],
    weak: 0,
    unread: [] as PlaceReport['unread'][number][],
  }
  const take = (file: string, entry: number | undefined, result: Awaited<ReturnType<HeldSearch['file']>>): void => {
    const where = entry === undefined ? { file } : { file, entry }
    if (result.kind === 'unread') report.unread.push({ ...where, reason: result.reason })
    else {
      report.weak += result.weak
      if (result.found > 0) report.hits.push({ ...where, identifiers: result.found })
    }
  }
  for await (const { file, reason } of filesUnder(path, isDeep)) {
    if (reason !== undefined) {
      report.unread.push({ file, reason })
      continue
    }
    onFile()
    const result = await search.file(file)
    const size = (await stat(file).catch(() => undefined))?.size
    // A running instance sends and deletes meanwhile: what is gone is not there to be clean or not.
    if (size === undefined) continue
    report.files += 1
    report.bytes += size
    take(file, undefined, result)
    // A name identifies as well as a content does.
    take(file, undefined, search.bytes(Buffer.from(file.slice(path.length))))
    const kind = await archiveKindOf(file).catch(() => undefined)
    if (kind === undefined) continue
    let entry = 0
    for await (const one of readArchive(file, kind)) {
      entry += 1
      if ('bytes' in one) take(file, entry, search.bytes(one.bytes))
      else report.unread.push({ file, entry, reason: one.refused })
    }
  }
  return report
}

/** How many files there are at a place now. */
export async function filesAt({ path, isDeep }: ScanPlace): Promise<number> {
  let files = 0
  for await (const found of filesUnder(path, isDeep)) if (found.reason === undefined) files += 1
  return files
}

type Found = { readonly file: string; readonly reason?: 'unreadable' }

/** Links are not followed: what they lead to is searched where it lies. */
async function* filesUnder(path: string, isDeep: boolean): AsyncGenerator<Found> {
  const there = await stat(path).catch((cause: NodeJS.ErrnoException) => cause.code)
  if (there === 'ENOENT') return
  if (typeof there === 'object' && there.isFile()) {
    yield { file: path }
    return
  }
  let entries: Dirent[]
  try {
    entries = await readdir(path, { withFileTypes: true })
  } catch {
    yield { file: path, reason: 'unreadable' }
    return
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name)
    if (entry.isFile()) yield { file: inner }
    else if (entry.isDirectory() && isDeep) yield* filesUnder(inner, true)
  }
}
