import { APPROVED_MODELS_ROLE, RECALLS_ROLE } from '@leadglass/sync-agent/contract'
import { digestOf } from '@leadglass/sync-agent/foundation'
import type { Metadata, MetaFile, Root, Snapshot, Targets, Timestamp } from '@tufjs/models'
import { DeliveryError } from './errors.ts'
import type { RepositoryFiles } from './repository-files.ts'
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp, type SignedPart } from './tuf-format.ts'

/** One file of the published metadata: parsed, and the bytes as published. */
export interface Published<T extends Root | Targets | Snapshot | Timestamp> {
  readonly metadata: Metadata<T>
  readonly bytes: Uint8Array
}

/** What is published at one moment. */
export interface RepositoryState {
  readonly root: Published<Root>
  readonly timestamp: Published<Timestamp>
  readonly snapshot: Published<Snapshot>
  readonly targets: Published<Targets>
  /** Absent before the first release. */
  readonly approvedModels: Published<Targets> | undefined
  /** Absent before the first recall. */
  readonly recalls: Published<Targets> | undefined
}

/**
 * Reads what is published, beginning at timestamp.json as a client does: files that a crash left behind beside it do
 * not count.
 * @throws {DeliveryError} `not-initialised` or `repository-damaged`
 */
export async function readRepositoryState(files: RepositoryFiles): Promise<RepositoryState> {
  const root = await readNewestRoot(files)
  const timestampBytes = await files.read('metadata/timestamp.json')
  if (root === undefined || timestampBytes === undefined) {
    throw new DeliveryError('not-initialised', 'the repository has no timestamp.json yet')
  }
  const timestamp = parseTimestamp(timestampBytes)
  const snapshotMeta = timestamp.signed.snapshotMeta
  const snapshotBytes = await readMeta(files, 'snapshot', snapshotMeta)
  const snapshot = parseSnapshot(snapshotBytes)
  const targetsBytes = await readMeta(files, 'targets', snapshot.signed.meta['targets.json'])
  const delegated = async (role: string): Promise<Published<Targets> | undefined> => {
    const meta = snapshot.signed.meta[`${role}.json`]
    if (meta === undefined) return undefined
    const bytes = await readMeta(files, role, meta)
    return { metadata: parseTargets(bytes), bytes }
  }
  return {
    root,
    timestamp: { metadata: timestamp, bytes: timestampBytes },
    snapshot: { metadata: snapshot, bytes: snapshotBytes },
    targets: { metadata: parseTargets(targetsBytes), bytes: targetsBytes },
    approvedModels: await delegated(APPROVED_MODELS_ROLE),
    recalls: await delegated(RECALLS_ROLE),
  }
}

/** The newest root.json, undefined when there is none. */
export async function readNewestRoot(files: RepositoryFiles): Promise<Published<Root> | undefined> {
  const versions = (await files.list('metadata')).flatMap((name) => {
    const version = /^([1-9]\d{0,8})\.root\.json$/.exec(name)?.[1]
    return version === undefined ? [] : [Number(version)]
  })
  if (versions.length === 0) return undefined
  const bytes = await files.read(`metadata/${Math.max(...versions)}.root.json`)
  return bytes === undefined ? undefined : { metadata: parseRoot(bytes), bytes }
}

/** What snapshot and timestamp say of a file: version, length in bytes, digest. */
export function metaOf(version: number, bytes: Uint8Array): SignedPart {
  return { version, length: bytes.length, hashes: { sha256: digestOf(bytes) } }
}

async function readMeta(files: RepositoryFiles, role: string, meta: MetaFile | undefined): Promise<Uint8Array> {
  const bytes = meta === undefined ? undefined : await files.read(`metadata/${meta.version}.${role}.json`)
  try {
    if (bytes !== undefined) {
      meta?.verify(Buffer.from(bytes))
      return bytes
    }
  } catch (cause) {
    throw new DeliveryError('repository-damaged', `${role} differs from what the repository says of it`, cause)
  }
  throw new DeliveryError('repository-damaged', `${role} is missing from the repository`)
}
