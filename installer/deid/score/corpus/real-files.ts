import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readTree } from '../codec/read.ts'
import { PIXEL_DATA, type TreeFile } from '../codec/tree.ts'

const LARGEST = 450_000
const READABLE = /^1\.2\.840\.10008\.1\.2(?:\.1|\.1\.99|\.4\.(?:[5789]\d|10\d|20[123])|\.5)?$/

/** A real file that identities can be planted into. */
export interface RealFile {
  readonly name: string
  readonly file: TreeFile
}

/**
 * The images below a folder that the score's own reader understands, sorted by name. Big endian ones, directories, and
 * files that are broken on purpose stay out: nothing can be planted into those without changing what is odd about them.
 */
export function readRealFiles(folder: string): RealFile[] {
  const found: RealFile[] = []
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    if (!name.endsWith('.dcm') || statSync(path).size > LARGEST) continue
    try {
      const file = readTree(readFileSync(path))
      if (READABLE.test(file.syntax) && file.dataSet.has(PIXEL_DATA) && file.dataSet.has(0x00280010))
        found.push({ name, file })
    } catch (error) {
      if (!(error instanceof RangeError || isInflateError(error))) throw error
    }
  }
  return found
}

function isInflateError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:Z_|ERR_)/.test(error.code)
}
