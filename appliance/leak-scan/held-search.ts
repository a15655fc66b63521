import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createGunzip, gunzipSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { IdentifierSearch } from '../deidentify/index.ts'
import { applianceFolders } from '../folders.ts'
import { ContentSearch } from './content-search.ts'
import { databaseValues, isDatabase } from './database-values.ts'
import { HeldIdentities } from './held-identities.ts'

/** What became of one file. */
export type ScannedFile =
  | {
      readonly kind: 'searched'
      /** Different identifiers of held studies. */
      readonly found: number
      /** Names of 3 to 5 letters, which are words as well; no alarm by themselves. */
      readonly weak: number
    }
  | { readonly kind: 'unread'; readonly reason: 'unreadable' | 'inflates-too-much' }

/** A search for the identifiers of every study that an appliance holds. */
export interface HeldSearch {
  /** Studies whose identifiers are searched for. */
  readonly studies: number
  /** Searches a file as it is; gzip is inflated, and of a SQLite file the values are searched as well as the bytes. */
  file(path: string): Promise<ScannedFile>
  /** Searches bytes. */
  bytes(bytes: Uint8Array): ScannedFile
}

const PAGE = 1000
const MARK_BITS = 22
const GZIP_MAGIC = [0x1f, 0x8b]
/** Bytes that a gzip file may give for each of its own, beyond a mebibyte. */
const MOST_RATIO = 1000
const FREE_BYTES = 2 ** 20
/** Of a compressed entry of an archive, which is inflated in memory. */
const MOST_INFLATED_ENTRY = 256 * 2 ** 20

const configuration = z.object({ dataFolder: z.string(), keysFolder: z.string().optional() })

/**
 * Opens the record of an appliance for reading, takes the identifiers of all its studies in pages, keeps their hashes, and
 * closes it again. The appliance may be running.
 * @param configFile of the appliance.
 * @throws when the record or its key cannot be read.
 */
export async function openHeldSearch(configFile: string): Promise<HeldSearch> {
  const { dataFolder, keysFolder } = configuration.parse(JSON.parse(await readFile(configFile, 'utf8')))
  const folders = applianceFolders(dataFolder, keysFolder)
  const key = (await readFile(folders.databaseKey, 'utf8')).trim()
  if (!/^[0-9a-f]{64}$/.test(key)) throw new Error('the key of the database does not hold 32 bytes in hexadecimal')
  const database = new Database(folders.records, { readonly: true, fileMustExist: true })
  try {
    database.pragma("cipher='sqlcipher'")
    database.pragma(`key="x'${key}'"`)
    return heldSearch(new HeldIdentities(database))
  } finally {
    database.close()
  }
}

/** The search for the studies of a record that is open. */
export function heldSearch(identities: Pick<HeldIdentities, 'pages'>): HeldSearch {
  const search = new IdentifierSearch(MARK_BITS)
  let studies = 0
  for (const page of identities.pages(PAGE))
    for (const { studyId, identifiers } of page) {
      search.add(identifiers, studyId)
      studies += 1
    }
  return {
    studies,
    bytes: (bytes) => {
      const content = new ContentSearch(search)
      content.push(bytes)
      content.finish()
      if (!isGzip(bytes)) return searched(content)
      const mostBytes = Math.min(MOST_INFLATED_ENTRY, FREE_BYTES + bytes.length * MOST_RATIO)
      try {
        content.push(gunzipSync(bytes, { maxOutputLength: mostBytes }))
      } catch {
        return { kind: 'unread', reason: 'inflates-too-much' }
      }
      content.finish()
      return searched(content)
    },
    file: (path) =>
      searchFile(path, new ContentSearch(search)).catch((): ScannedFile => ({ kind: 'unread', reason: 'unreadable' })),
  }
}

/** A finding counts although not all could be looked at. */
function searched({ found, weak, isWhole }: ContentSearch): ScannedFile {
  return isWhole || found > 0 ? { kind: 'searched', found, weak } : { kind: 'unread', reason: 'inflates-too-much' }
}

async function searchFile(path: string, content: ContentSearch): Promise<ScannedFile> {
  const { prefix, size } = await beginningOf(path)
  const file = createReadStream(path)
  for await (const piece of file as AsyncIterable<Buffer>) content.push(piece)
  content.finish()
  if (isDatabase(prefix)) {
    for (const values of databaseValues(path)) content.push(values)
    content.finish()
  } else if (isGzip(prefix)) {
    if (!(await searchInflated(path, size, content))) return { kind: 'unread', reason: 'inflates-too-much' }
  }
  return searched(content)
}

function isGzip(bytes: Uint8Array): boolean {
  return GZIP_MAGIC.every((byte, at) => bytes[at] === byte)
}

async function searchInflated(path: string, size: number, content: ContentSearch): Promise<boolean> {
  let bytes = 0
  const file = createReadStream(path)
  const inflated = file.pipe(createGunzip())
  file.on('error', (cause) => inflated.destroy(cause))
  try {
    for await (const piece of inflated as AsyncIterable<Buffer>) {
      bytes += piece.length
      if (bytes > FREE_BYTES + size * MOST_RATIO) return false
      content.push(piece)
    }
    content.finish()
    return true
  } finally {
    file.destroy()
  }
}

async function beginningOf(path: string): Promise<{ prefix: Buffer; size: number }> {
  const handle = await open(path, 'r')
  try {
    const prefix = Buffer.alloc(32)
    const { bytesRead } = await handle.read(prefix, 0, prefix.length, 0)
    return { prefix: prefix.subarray(0, bytesRead), size: (await handle.stat()).size }
  } finally {
    await handle.close()
  }
}
