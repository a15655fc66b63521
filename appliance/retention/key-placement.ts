import { realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'

/**
 * Where a key lies, seen from the data that it protects. Whoever takes the disk with the data must not get the key with
 * it: only `elsewhere` keeps that promise.
 */
export type KeyPlacement = 'beside-data' | 'same-file-system' | 'elsewhere'

/**
 * Looks where key files lie; the worst of them counts. Links are followed.
 * @throws when a file or the folder cannot be looked at.
 */
export async function keyPlacement(dataFolder: string, keyFiles: readonly string[]): Promise<KeyPlacement> {
  const folder = await realpath(dataFolder)
  const { dev } = await stat(folder)
  let worst: KeyPlacement = 'elsewhere'
  for (const file of keyFiles) {
    const path = await realpath(file)
    if (path.startsWith(folder + sep)) return 'beside-data'
    if ((await stat(path)).dev === dev) worst = 'same-file-system'
  }
  return worst
}
