import { silentLogger, systemRandomness } from '@leadglass/sync-agent/foundation'
import type { Records } from '../records/index.ts'
import { Spool } from './spool.ts'
import { StudyKeys } from './study-keys.ts'

/**
 * Reads the files of a spool beside the appliance, while it does not run. What the landing log still holds is not seen:
 * an appliance that ended properly left nothing there, and one that was killed must have been started again.
 * @param key the site's spool key, 32 bytes.
 */
export function spoolReader(folder: string, key: Uint8Array, records: Pick<Records, 'keys'>): Spool {
  const keys = new StudyKeys(records.keys, key, systemRandomness)
  return new Spool({ folder, key, keys, randomness: systemRandomness, logger: silentLogger })
}
