import type { ApprovalPolicy } from '../contract/index.ts'
import type { Clock, Logger } from '../foundation/index.ts'
import { type Refusal, UpdateRefusedError } from './attacks.ts'
import { FetchError, type RepositoryFetcher } from './fetcher.ts'
import { type HighWaterMarks, mergeMarks, NO_MARKS } from './high-water-marks.ts'
import { manifestTargetPath } from './kit-layout.ts'
import { type DeliveredManifest, MAXIMUM_MANIFEST_BYTES, readManifest } from './manifest.ts'
import { MetadataStore } from './metadata-store.ts'
import { MetadataWalk } from './metadata-walk.ts'
import type { UpdateOutcome, VerifiedRelease } from './outcome.ts'
import type { RecallBook } from './recall-list.ts'
import { type ApprovedRelease, listReleases } from './release-list.ts'
import type { VerifiedMetadata } from './trusted-metadata.ts'

/** What a device needs to judge a repository, wherever the repository lies. */
export interface CheckOptions {
  readonly fetcher: RepositoryFetcher
  /** The device's own folder for metadata; nobody else writes there. */
  readonly stateFolder: string
  /** Bytes of the root.json that the device was provisioned with. */
  readonly initialRoot: Uint8Array
  readonly policy: ApprovalPolicy
  readonly highWaterMarks: HighWaterMarks
  /** Where recalls are kept for ever; absent where nobody runs models, as in the agent. */
  readonly recallBook?: RecallBook
  readonly clock: Clock
  readonly logger: Logger
}

/** A release whose manifest has been read. */
export interface ReadRelease {
  readonly release: ApprovedRelease
  readonly manifest: DeliveredManifest
  readonly manifestBytes: Uint8Array
}

/** Obtains the files of one release, or throws why not. */
export type ReleaseReader = (read: ReadRelease, metadata: VerifiedMetadata) => Promise<VerifiedRelease>
/** Called once everything is verified, before the marks of the releases are raised. */
export type Commit = (read: readonly ReadRelease[], metadata: VerifiedMetadata) => Promise<void>

/**
 * The check that agent and appliance share: walk, approvals, manifest, files, in this order, with marks raised for what
 * was verified. A fault in the metadata refuses all; a fault in one release refuses that release.
 * @throws {UpdateStorageError} when the device cannot keep its own state.
 */
export async function checkRepository(
  options: CheckOptions,
  read: ReleaseReader,
  commit?: Commit,
): Promise<UpdateOutcome> {
  const { fetcher, policy, highWaterMarks, recallBook, clock, logger } = options
  const marks = await highWaterMarks.read()
  const store = new MetadataStore(options)
  const walk = new MetadataWalk({
    fetcher,
    store,
    policy,
    marks,
    clock,
    ...(recallBook === undefined ? {} : { recallBook }),
  })
  try {
    const metadata = await walk.run().finally(() => highWaterMarks.raise(walk.earned))
    const list = listReleases(metadata, policy, marks.releaseCounters)
    const refused: Refusal[] = [...list.refused]
    const releases: VerifiedRelease[] = []
    const taken: ReadRelease[] = []
    for (const release of list.newest) {
      try {
        const one = await readRelease(fetcher, release)
        releases.push(await read(one, metadata))
        taken.push(one)
      } catch (error) {
        refused.push(refusalOf(error, release))
      }
    }
    await commit?.(taken, metadata)
    const counters = releases.map((release) => [release.model.name, release.releaseCounter] as const)
    await highWaterMarks.raise(mergeMarks(NO_MARKS, { ...NO_MARKS, releaseCounters: Object.fromEntries(counters) }))
    for (const refusal of refused) {
      logger.warn('updates.release-refused', { attack: refusal.attack, model: refusal.model?.name ?? null })
    }
    logger.info('updates.verified', { releases: releases.length, timestamp: metadata.versions.timestamp })
    return {
      kind: 'verified',
      releases,
      superseded: list.superseded.map((release) => release.statement.model),
      refused,
      metadataVersions: metadata.versions,
      freshUntil: metadata.freshUntil,
    }
  } catch (error) {
    if (error instanceof UpdateRefusedError) {
      logger.warn('updates.refused', { attack: error.code })
      return { kind: 'refused', attack: error.code, message: error.message }
    }
    if (error instanceof FetchError) {
      logger.info('updates.unreachable', { reason: error.code })
      return { kind: 'unreachable', reason: error.code, message: error.message }
    }
    throw error
  }
}

async function readRelease(fetcher: RepositoryFetcher, release: ApprovedRelease): Promise<ReadRelease> {
  const { statement, target } = release
  const name = `${statement.model.name} ${statement.model.version}`
  if (target.length > MAXIMUM_MANIFEST_BYTES) {
    throw new UpdateRefusedError('endless-data', `The manifest of ${name} is longer than any manifest may be.`)
  }
  const manifestBytes = await fetcher.target(manifestTargetPath(statement.model), target.length)
  if (manifestBytes === undefined) throw new UpdateRefusedError('incomplete', `The manifest of ${name} is missing.`)
  return { release, manifestBytes, manifest: readManifest(manifestBytes, statement) }
}

/** A fault of this one release; anything else, such as a broken connection, goes on up. */
function refusalOf(error: unknown, release: ApprovedRelease): Refusal {
  const { name, version } = release.statement.model
  const model = { name, version }
  if (error instanceof UpdateRefusedError) return { attack: error.code, message: error.message, model }
  if (error instanceof FetchError && error.code === 'too-large') {
    return { attack: 'endless-data', message: `A file of ${name} ${version} goes on past its approved length.`, model }
  }
  if (error instanceof FetchError && error.code === 'not-a-file') {
    return { attack: 'tampered-file', message: `A file of ${name} ${version} is not a plain file.`, model }
  }
  throw error
}
