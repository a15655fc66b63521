import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf, digestOfFile, type Sha256Hex } from '@leadglass/sync-agent/foundation'

/** Digest of the training code: every source file of this room but its tests, by path. Part of each run's lineage. */
export async function trainingCodeDigest(): Promise<Sha256Hex> {
  const entries = await readdir(import.meta.dirname, { recursive: true })
  const sources = entries
    .filter((path) => /(?<!\.test)\.(?:ts|js|py)$/.test(path) && !path.includes('.int.') && !path.includes('testing/'))
    .sort()
  const lines: string[] = []
  for (const path of sources) lines.push(`${await digestOfFile(join(import.meta.dirname, path))} ${path}`)
  return digestOf(lines.join('\n'))
}
