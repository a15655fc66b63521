import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { ArchiveBudget, type ArchiveEntry, type ArchiveLimits } from './archive-entry.ts'

/**
 * The files of a ZIP archive (APPNOTE 6.3, with ZIP64), in the order of its directory. Folders and links are no files.
 * @param limits checked against the directory before anything is inflated, and against what really comes out.
 */
export async function* readZip(path: string, limits: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  const budget = new ArchiveBudget(limits, (await stat(path)).size)
  let zip: ZipFile | undefined
  try {
    // Names are not decoded: nothing is done with them, so no name can be a trick.
    zip = await openZip(path, { lazyEntries: true, autoClose: false, decodeStrings: false })
    for (let entry = await nextEntry(zip); entry !== undefined; entry = await nextEntry(zip)) {
      if (!isFile(entry)) continue
      if (entry.uncompressedSize > limits.entryBytes) yield { refused: 'entry-too-large' }
      else if (!budget.allows(entry.uncompressedSize)) {
        yield { refused: 'archive-bomb' }
        return
      } else yield await contentOf(zip, entry)
    }
  } catch {
    yield { refused: 'archive-damaged' }
  } finally {
    zip?.close()
  }
}

const openZip = promisify<string, yauzl.Options, ZipFile>(yauzl.open)

const UNIX = 3
const TYPE_OF_FILE = 0o170000
const REGULAR = 0o100000

/** APPNOTE 4.4.2 and 4.4.15: the upper half of the external attributes is the mode, when the archive comes from Unix. */
function isFile(entry: Entry): boolean {
  const name = entry.fileName as unknown as Buffer
  if (name.at(-1) === 0x2f) return false
  const type = (entry.externalFileAttributes >>> 16) & TYPE_OF_FILE
  return entry.versionMadeBy >>> 8 !== UNIX || type === 0 || type === REGULAR
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      zip.removeAllListeners('entry').removeAllListeners('end').removeAllListeners('error')
      finish()
    }
    zip.once('entry', (entry: Entry) => settle(() => resolve(entry)))
    zip.once('end', () => settle(() => resolve(undefined)))
    zip.once('error', (error: Error) => settle(() => reject(error)))
    zip.readEntry()
  })
}

/** The size in the directory is a promise that yauzl holds the content to. */
async function contentOf(zip: ZipFile, entry: Entry): Promise<ArchiveEntry> {
  if (entry.isEncrypted() || !entry.canDecodeFileData()) return { refused: 'entry-unreadable' }
  try {
    const stream = await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
      zip.openReadStream(entry, (error, opened) => {
        if (error === null) resolve(opened)
        else reject(error)
      })
    })
    const pieces: Buffer[] = []
    for await (const piece of stream) pieces.push(piece)
    return { bytes: Buffer.concat(pieces) }
  } catch {
    return { refused: 'entry-unreadable' }
  }
}
