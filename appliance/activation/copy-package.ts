import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestOfFile, syncFolder } from '@leadglass/sync-agent/foundation'
import type { VerifiedRelease } from '@leadglass/sync-agent/updates'

/**
 * Copies a verified release into the models folder, hashing the bytes that are written: the kit lies in a folder that
 * another process writes, so what was verified there may have changed since.
 * @returns undefined when the copy is complete under its digest, else the path of the file that differs.
 */
export async function copyPackage(release: VerifiedRelease, modelsFolder: string): Promise<string | undefined> {
  const staging = join(modelsFolder, `.staging-${release.model.digest}`)
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true, mode: 0o750 })
  try {
    const parts = [
      {
        path: 'manifest.json',
        source: release.manifestPath,
        sha256: release.model.digest,
        bytes: release.manifestBytes,
      },
      ...release.files.map((file) => ({ ...file, source: release.blobPath(file.sha256) })),
    ]
    for (const part of parts) {
      const target = join(staging, part.path)
      await mkdir(dirname(target), { recursive: true, mode: 0o750 })
      if (!(await copyHashed(part.source, target, part.sha256, part.bytes))) return part.path
      await syncFolder(dirname(target))
    }
    const final = join(modelsFolder, release.model.digest)
    await rm(final, { recursive: true, force: true })
    await rename(staging, final)
    await syncFolder(modelsFolder)
    return undefined
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function copyHashed(source: string, target: string, sha256: string, bytes: number): Promise<boolean> {
  const original = await openPlainFile(source)
  if (original === undefined) return false
  const hash = createHash('sha256')
  let copied = 0
  const handle = await open(target, 'wx', 0o640)
  try {
    for await (const chunk of original.createReadStream({ highWaterMark: 1_048_576, autoClose: false })) {
      const data = chunk as Buffer
      copied += data.length
      if (copied > bytes) return false
      hash.update(data)
      await handle.writeFile(data)
    }
    await handle.datasync()
  } finally {
    await handle.close()
    await original.close()
  }
  if (copied !== bytes || hash.digest('hex') !== sha256) return false
  return (await digestOfFile(target)) === sha256
}

/** The folder is written by another process: a link or a pipe that took a file's place is no file, and never waited for. */
async function openPlainFile(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  return undefined
}

/** Removes what lies in the models folder and nobody keeps: refused versions and what broken-off copies left. */
export async function sweepPackages(modelsFolder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(modelsFolder).catch((): string[] => [])) {
    const isLeft = name.startsWith('.staging-') || (/^[0-9a-f]{64}$/.test(name) && !kept.has(name))
    if (isLeft) await rm(join(modelsFolder, name), { recursive: true, force: true })
  }
}
