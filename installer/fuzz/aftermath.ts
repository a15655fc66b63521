import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { applianceFolders } from '../../appliance/folders.ts'
import { type Spool, spoolReader } from '../../appliance/intake/index.ts'
import { openRecords } from '../../appliance/records/index.ts'

/** What a stopped appliance left on disk, against what it had promised. */
export interface Aftermath {
  /** Objects said to be kept that the record does not know or the spool does not give back. */
  readonly lost: readonly string[]
  /** Instances that were never finished, and spool files of no record. */
  readonly leftovers: number
  /** Files of work that is over. */
  readonly workFiles: number
  /** Instances in quarantine by reason. */
  readonly quarantined: ReadonlyMap<string, number>
  /** Instances kept apart because the UID is known with other content. */
  readonly conflicts: number
}

const COUNT_QUARANTINE = 'SELECT reason, count(*) AS total FROM quarantine GROUP BY reason'
const COUNT_CONFLICTS = 'SELECT count(*) AS conflicts FROM instance WHERE conflict = 1'

/**
 * Opens record and spool of an appliance that is not running.
 * @param acknowledged digests of the objects for which a sender was told success.
 */
export async function examineAftermath(dataFolder: string, acknowledged: Iterable<string>): Promise<Aftermath> {
  const folders = applianceFolders(dataFolder)
  const keyOf = async (path: string): Promise<Buffer> => Buffer.from((await readFile(path, 'utf8')).trim(), 'hex')
  const records = openRecords(folders.records, await keyOf(folders.databaseKey))
  const spool = spoolReader(folders.spool, await keyOf(folders.spoolKey), records)
  try {
    const lost: string[] = []
    for (const digest of acknowledged) {
      const isKept = records.intake.holdsDigest(digest) && (await isReadable(spool, digest))
      if (!isKept) lost.push(digest)
    }
    let leftovers = (await readdir(join(folders.spool, 'incoming'))).length
    for await (const digest of spool.digests()) if (!records.intake.holdsDigest(digest)) leftovers += 1
    const reasons = records.database.prepare<[], { reason: string; total: number }>(COUNT_QUARANTINE).all()
    const conflict = records.database.prepare<[], { conflicts: number }>(COUNT_CONFLICTS).get()
    return {
      lost,
      leftovers,
      workFiles: (await readdir(folders.work, { recursive: true, withFileTypes: true })).filter(
        (entry) => !entry.isDirectory(),
      ).length,
      quarantined: new Map(reasons.map(({ reason, total }) => [reason, total])),
      conflicts: conflict?.conflicts ?? 0,
    }
  } finally {
    await spool.close()
    records.close()
  }
}

async function isReadable(spool: Spool, digest: string): Promise<boolean> {
  try {
    await spool.read(digest)
    return true
  } catch {
    return false
  }
}
