import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InstallerError } from '../errors.ts'

/**
 * Every file below a folder, in the order of their paths; a file stands for itself. Links are not followed.
 * @throws InstallerError `file-not-found`.
 */
export async function findFiles(path: string): Promise<readonly string[]> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `${path} does not exist`,
      effect: 'nothing was read',
      nextStep: 'name an existing file or folder',
      cause,
    })
  })
  if (facts.isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
