import { readFile } from 'node:fs/promises'
import { applianceFolders } from '../../appliance/folders.ts'
import type { InstanceClient } from '../cli/client.ts'
import { type Finding, ok, warning } from './checks.ts'

/** Whether what is received is encrypted on disk, as the settings file says. A file that cannot be read is another check's. */
export async function encryptionAtRest({ layout }: InstanceClient): Promise<Finding> {
  const check = 'encryption at rest'
  const { settings } = applianceFolders(layout.appliance.folder)
  const text = await readFile(settings, 'utf8').catch(() => '{}')
  return /"encryptInstances"\s*:\s*false/.test(text)
    ? warning(check, 'off: instances are stored as they come', 'leave it off only where the disk itself is encrypted')
    : ok(check, 'instances are under a key per study')
}
