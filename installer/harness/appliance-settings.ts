import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Replaces members of the settings of an instance's appliance, which reads them again by itself. */
export async function changeSettings(
  applianceFolder: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const path = join(applianceFolder, 'settings.json')
  const settings = JSON.parse(await readFile(path, 'utf8')) as object
  await writeFile(path, JSON.stringify({ ...settings, ...change }, null, 2), { mode: 0o600 })
}
