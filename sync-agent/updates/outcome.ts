import { join } from 'node:path'
import type { ModelReference, ReleaseStatement } from '../contract/index.ts'
import type { Sha256Hex } from '../foundation/index.ts'
import type { AttackCode, Refusal } from './attacks.ts'
import type { FetchCode } from './fetcher.ts'
import { manifestTargetPath } from './kit-layout.ts'
import type { PackageFile } from './manifest.ts'
import type { Approval } from './policy.ts'
import type { ApprovedRelease } from './release-list.ts'
import type { MetadataVersions } from './trusted-metadata.ts'

/**
 * A release that may be installed: approvals in order, every file hashed once. The files lie in a folder that another
 * process writes, so whoever copies them hashes again while copying.
 */
export interface VerifiedRelease {
  readonly model: ModelReference
  readonly releaseCounter: number
  readonly statement: ReleaseStatement
  readonly approvals: readonly Approval[]
  /** Where the manifest lies; its SHA-256 is `model.digest`. */
  readonly manifestPath: string
  readonly manifestBytes: number
  /** Every other file of the package. */
  readonly files: readonly PackageFile[]
  /** Where the blob with this digest lies. */
  readonly blobPath: (sha256: Sha256Hex) => string
  readonly metadataVersions: MetadataVersions
}

/** The repository was verified. `refused` names releases that were not taken; the others are not affected. */
export interface VerifiedOutcome {
  readonly kind: 'verified'
  /** The newest approved release of each model, by model name. */
  readonly releases: readonly VerifiedRelease[]
  /** Older approved releases of the same models. */
  readonly superseded: readonly ModelReference[]
  readonly refused: readonly Refusal[]
  readonly metadataVersions: MetadataVersions
  /** When the timestamp ends, ISO 8601: from then on nothing new is installed without a refresh. */
  readonly freshUntil: string
}

/** The repository could not be read. Nothing is known against it. */
export interface UnreachableOutcome {
  readonly kind: 'unreachable'
  readonly reason: FetchCode
  readonly message: string
}

/** The repository as a whole was refused. */
export interface RefusedOutcome {
  readonly kind: 'refused'
  readonly attack: AttackCode
  readonly message: string
}

export type UpdateOutcome = VerifiedOutcome | UnreachableOutcome | RefusedOutcome

/** The verified release as it lies in a kit folder. */
export function releaseInKit(
  kitFolder: string,
  release: ApprovedRelease,
  files: readonly PackageFile[],
  metadataVersions: MetadataVersions,
): VerifiedRelease {
  const { statement, approvals, target } = release
  return {
    model: statement.model,
    releaseCounter: statement.releaseCounter,
    statement,
    approvals,
    manifestPath: join(kitFolder, 'targets', manifestTargetPath(statement.model)),
    manifestBytes: target.length,
    files,
    blobPath: (sha256) => join(kitFolder, 'blobs', sha256),
    metadataVersions,
  }
}
