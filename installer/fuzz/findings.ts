import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One thing that must not happen, with the smallest input that was found to make it happen. */
export interface Finding {
  readonly level: 'object' | 'wire'
  /** What the oracle said. */
  readonly what: string
  /** Seed of the property run that found it. */
  readonly seed: number
  /** The input, as a file that can be sent or parsed again. */
  readonly input: string
  /** The case that made the input, as JSON. */
  readonly made: string
}

/** Keeps an input below `folder` under the digest of its bytes. @returns its path. */
export async function keepInput(folder: string, bytes: Uint8Array, ending: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, `${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}.${ending}`)
  await writeFile(path, bytes)
  return path
}
