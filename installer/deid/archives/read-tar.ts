import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { ArchiveBudget, type ArchiveEntry, type ArchiveLimits } from './archive-entry.ts'

/**
 * The files of a tar archive (POSIX ustar and pax, GNU), in order. Folders, links and devices are no files.
 * @param isCompressed the archive went through gzip.
 */
export async function* readTar(
  path: string,
  isCompressed: boolean,
  limits: ArchiveLimits,
): AsyncGenerator<ArchiveEntry> {
  const budget = new ArchiveBudget(limits, (await stat(path)).size)
  const tar = extract()
  const file = createReadStream(path)
  const source = isCompressed ? pipeline(file, createGunzip(), tar) : pipeline(file, tar)
  // The loop below sees the failure as well; here it only must not be unhandled.
  source.catch(() => undefined)
  try {
    for await (const entry of tar) {
      const { type, size = 0 } = entry.header
      const isFile = type === 'file' || type === 'contiguous-file'
      // What is skipped is inflated too, so it counts.
      if (!budget.allows(size)) {
        yield { refused: 'archive-bomb' }
        return
      }
      if (isFile && size <= limits.entryBytes) {
        const pieces: Buffer[] = []
        for await (const piece of entry as AsyncIterable<Buffer>) pieces.push(piece)
        yield { bytes: Buffer.concat(pieces) }
        continue
      }
      if (isFile) yield { refused: 'entry-too-large' }
      entry.resume()
    }
    await source
  } catch {
    yield { refused: 'archive-damaged' }
  } finally {
    file.destroy()
    tar.destroy()
  }
}
