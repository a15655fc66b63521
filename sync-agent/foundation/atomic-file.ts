import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Replaces a file so that a reader, or a start after a power cut, sees the old bytes or the new ones, never a mixture:
 * temporary file in the same folder, fdatasync, rename, fsync of the folder.
 * @param mode permission bits of the new file; 0o600 unless told.
 */
export async function writeFileAtomically(path: string, data: Uint8Array | string, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx', mode)
    try {
      await handle.writeFile(data)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes the entries of a folder durable (POSIX: a rename is durable only when its directory is). */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
