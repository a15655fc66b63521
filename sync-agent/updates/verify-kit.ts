import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { digestOf, type Sha256Hex } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'
import { FolderFetcher } from './folder-fetcher.ts'
import type { PackageFile } from './manifest.ts'
import { LIMITS } from './metadata-chain.ts'
import { releaseInKit, type UpdateOutcome } from './outcome.ts'
import { type CheckOptions, checkRepository } from './repository-check.ts'

/** What the appliance needs to judge a kit. */
export interface VerifyKitOptions extends Omit<CheckOptions, 'fetcher'> {
  readonly kitFolder: string
}

/**
 * The appliance's side of delivery: judges a kit that it did not write, from its own pinned root, policy and marks, and
 * without a socket. Whatever the agent or the hub put there, a release comes back only with the approvals that the
 * policy asks for and with every file as approved.
 * @throws {UpdateStorageError} when the appliance cannot keep its own state.
 */
export function verifyKit(options: VerifyKitOptions): Promise<UpdateOutcome> {
  const fetcher = new FolderFetcher({ folder: options.kitFolder })
  return checkRepository({ ...options, fetcher }, async ({ release, manifest }, metadata) => {
    for (const file of manifest.files) await hashBlob(fetcher, file)
    return releaseInKit(options.kitFolder, release, manifest.files, metadata.versions)
  })
}

/**
 * The same check without a trace: metadata goes to a folder that is removed, and marks are read and not raised. For whoever
 * takes a kit whole or not at all.
 * @param options `stateFolder` is made and removed.
 */
export async function rehearseKit(options: VerifyKitOptions): Promise<UpdateOutcome> {
  const { highWaterMarks, stateFolder } = options
  const removed = (): Promise<void> => rm(stateFolder, { recursive: true, force: true })
  await removed()
  const marks = { read: () => highWaterMarks.read(), raise: async () => undefined }
  return verifyKit({ ...options, highWaterMarks: marks }).finally(removed)
}

/**
 * Digest of the kit's timestamp.json, by which a watcher sees that the kit has changed. Reads as carefully as the check
 * itself does: a link or a pipe in its place, or an oversized file, is no kit.
 * @returns undefined when there is no readable timestamp.
 */
export async function kitRevision(kitFolder: string): Promise<Sha256Hex | undefined> {
  const fetcher = new FolderFetcher({ folder: kitFolder })
  const bytes = await fetcher.metadata('timestamp.json', LIMITS.timestamp).catch(() => undefined)
  return bytes === undefined ? undefined : digestOf(bytes)
}

async function hashBlob(fetcher: FolderFetcher, file: PackageFile): Promise<void> {
  const stream = await fetcher.blob(file.sha256, 0)
  if (stream === undefined) throw new UpdateRefusedError('incomplete', `The file ${file.path} is missing in the kit.`)
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of stream.chunks) {
    length += chunk.length
    if (length > file.bytes) {
      throw new UpdateRefusedError(
        'endless-data',
        `The file ${file.path} goes on past its approved ${file.bytes} bytes.`,
      )
    }
    hash.update(chunk)
  }
  if (length !== file.bytes || hash.digest('hex') !== file.sha256) {
    throw new UpdateRefusedError('tampered-file', `The file ${file.path} differs from the one that was approved.`)
  }
}
