import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { splitPart10 } from '@leadglass/appliance/dimse'
import { applianceFolders } from '../../../appliance/folders.ts'
import { type Spool, spoolReader } from '../../../appliance/intake/index.ts'
import { openRecords } from '../../../appliance/records/index.ts'
import type { HeldInstance } from './check.ts'

const HELD_SQL = 'SELECT sop_instance_uid AS uid, digest FROM instance ORDER BY instance_id'

/**
 * What an appliance holds, read from its folder as its own rooms read it. The appliance must not be running.
 * @param dataFolder the appliance's folder, the PHI zone.
 * @throws when the records cannot be opened at all.
 */
export async function readHoldings(dataFolder: string): Promise<HeldInstance[]> {
  const folders = applianceFolders(dataFolder)
  const records = openRecords(folders.records, await readKey(folders.databaseKey))
  try {
    const spool = spoolReader(folders.spool, await readKey(folders.spoolKey), records)
    const rows = records.database.prepare(HELD_SQL).all() as { uid: string; digest: string }[]
    const held: HeldInstance[] = []
    for (const { uid, digest } of rows) {
      held.push({ sopInstanceUid: uid, contentDigest: await contentDigest(spool, digest) })
    }
    return held
  } finally {
    records.close()
  }
}

async function readKey(path: string): Promise<Buffer> {
  return Buffer.from((await readFile(path, 'utf8')).trim(), 'hex')
}

/** SHA-256 of the data set behind a Part 10 object of the spool; `undefined` when it cannot be read whole. */
async function contentDigest(spool: Spool, digest: string): Promise<string | undefined> {
  try {
    const bytes = await spool.read(digest)
    const instance = await splitPart10(async function* () {
      yield bytes
    })
    const hash = createHash('sha256')
    for await (const part of instance.open()) hash.update(part)
    return hash.digest('hex')
  } catch {
    return undefined
  }
}
