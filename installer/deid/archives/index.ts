import { open } from 'node:fs/promises'
import { type ArchiveEntry, type ArchiveLimits, defaultArchiveLimits } from './archive-entry.ts'
import { readTar } from './read-tar.ts'
import { readZip } from './read-zip.ts'

/** The kinds of archive that are read. */
export type ArchiveKind = 'zip' | 'tar' | 'tar.gz'

const PREFIX_BYTES = 512
const USTAR_AT = 257

/**
 * What kind of archive a file is, by its first bytes; `undefined` for anything else. A gzip file counts when its name
 * says that it holds a tar archive.
 */
export async function archiveKindOf(path: string): Promise<ArchiveKind | undefined> {
  if (!/\.(?:zip|tar|tgz|gz)$/i.test(path)) return undefined
  const prefix = Buffer.alloc(PREFIX_BYTES)
  const handle = await open(path, 'r')
  try {
    await handle.read(prefix, 0, PREFIX_BYTES, 0)
  } finally {
    await handle.close()
  }
  if (prefix.readUInt16BE(0) === 0x1f8b) return /\.(?:tgz|tar\.gz)$/i.test(path) ? 'tar.gz' : undefined
  // A local header, or the end of an archive without files (APPNOTE 4.3.7, 4.3.16).
  if (/^PK(?:\x03\x04|\x05\x06)$/.test(prefix.toString('latin1', 0, 4))) return 'zip'
  return prefix.toString('latin1', USTAR_AT, USTAR_AT + 5) === 'ustar' ? 'tar' : undefined
}

/** The files of an archive, one at a time. Archives within are files like any other. */
export function readArchive(
  path: string,
  kind: ArchiveKind,
  limits: ArchiveLimits = defaultArchiveLimits,
): AsyncIterable<ArchiveEntry> {
  return kind === 'zip' ? readZip(path, limits) : readTar(path, kind === 'tar.gz', limits)
}
