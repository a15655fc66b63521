import { lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PREFIX = 'leadglass-deid-run-'
const NAMED = /^leadglass-deid-run-([1-9][0-9]{0,9})-/

/**
 * Makes a folder for objects whose pixels are not masked yet, and removes those that killed runs left behind. The name says
 * whose it is; a folder of a process that still lives, or of another person, is not touched.
 * @param parent for tests; the machine's folder for temporary files otherwise.
 */
export function makeTemporaryFolder(parent: string = tmpdir()): string {
  removeAbandoned(parent)
  return realpathSync(mkdtempSync(join(parent, `${PREFIX}${process.pid}-`)))
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = NAMED.exec(name)?.[1]
    if (owner === undefined || isAlive(Number(owner))) continue
    const folder = join(parent, name)
    const entry = lstatSync(folder, { throwIfNoEntry: false })
    if (entry?.isDirectory() === true && entry.uid === process.getuid?.())
      rmSync(folder, { recursive: true, force: true })
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
