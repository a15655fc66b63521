import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KIT_LIST } from '@leadglass/sync-agent/exchange'
import { syncFolder } from '@leadglass/sync-agent/foundation'
import { InstallerError } from '../errors.ts'

/**
 * Lets `fill` write a kit beside its place and puts it there whole. An older kit gives way; any other folder does not.
 * @throws InstallerError `input-invalid` when something else is there.
 */
export async function placeKit<Result>(folder: string, fill: (folder: string) => Promise<Result>): Promise<Result> {
  const present = await readdir(folder).catch(() => undefined)
  if (present !== undefined && present.length > 0 && !present.includes(KIT_LIST)) {
    throw new InstallerError('input-invalid', {
      message: `${folder} holds something that is no kit`,
      effect: 'nothing was written',
      nextStep: 'name a folder that does not exist, is empty, or holds an older kit',
    })
  }
  const beside = `${folder}.${randomBytes(4).toString('hex')}.part`
  await mkdir(beside, { recursive: true, mode: 0o755 })
  try {
    const result = await fill(beside)
    await rm(folder, { recursive: true, force: true })
    await rename(beside, folder)
    await syncFolder(dirname(folder))
    return result
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}
