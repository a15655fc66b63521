import { APPROVED_MODELS_ROLE, type ApprovalPolicy } from '../contract/index.ts'
import { type Clock, digestOf } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'
import { findDelegationFault } from './delegation-policy.ts'
import { FetchError, type RepositoryFetcher } from './fetcher.ts'
import { type HighWaterMarksState, isBelow, type Mark, mergeMarks, NO_MARKS } from './high-water-marks.ts'
import type { MetadataStore, StoredRole } from './metadata-store.ts'
import { findRedelegation } from './policy.ts'
import { TrustedMetadata, type VerifiedMetadata } from './trusted-metadata.ts'
import { asRefusal, type WalkStage } from './tuf-errors.ts'

/** Size caps in bytes, as tuf-js has them. */
export const LIMITS = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 } as const
/** TUF 5.3.3: the most roots that one walk follows. */
const MAXIMUM_ROOTS = 256

/** How far the hub's clock may be ahead of ours and still be believed. */
const CLOCK_LEAD_MS = 86_400_000

/** What a walk needs. `marks` are the device's marks as read just before. */
export interface WalkOptions {
  readonly fetcher: RepositoryFetcher
  readonly store: MetadataStore
  readonly policy: ApprovalPolicy
  readonly marks: HighWaterMarksState
  readonly clock: Clock
}

/**
 * One walk of the TUF client workflow (specification 5.2 to 5.6). tuf-js verifies; this class moves bytes, keeps them
 * only once verified, and holds what TUF leaves to the client: the pinned first root, the marks, the pinned delegation.
 */
export class MetadataWalk {
  readonly #options: WalkOptions
  readonly #files = new Map<string, Uint8Array>()
  /** Marks that this walk has earned so far; worth keeping even when a later step fails. */
  earned: HighWaterMarksState = NO_MARKS

  constructor(options: WalkOptions) {
    this.#options = options
  }

  /** @throws {UpdateRefusedError} with the attack's name, {FetchError}, {UpdateStorageError} */
  async run(): Promise<VerifiedMetadata> {
    const trusted = this.#initial()
    await this.#roots(trusted)
    await this.#timestamp(trusted)
    await this.#snapshot(trusted)
    await this.#targets(trusted)
    const approvedModels = await this.#approvedModels(trusted)
    const versions = trusted.versions()
    return { ...trusted.result(), approvedModels, versions, files: this.#files, freshUntil: trusted.freshUntil() }
  }

  /** TUF 5.2. */
  #initial(): TrustedMetadata {
    const { store, policy, marks, clock } = this.#options
    if (digestOf(store.initialRoot) !== policy.initialRootDigest) {
      throw new UpdateRefusedError(
        'root-not-pinned',
        'The initial root of this device is not the one that its policy names.',
      )
    }
    const now = Math.max(clock.now(), marks.timeFloor.height)
    try {
      const trusted = new TrustedMetadata(store.initialRoot, now)
      this.#files.set(`${trusted.rootVersion}.root.json`, store.initialRoot)
      return trusted
    } catch (error) {
      throw asRefusal(error, 'root')
    }
  }

  /** TUF 5.3: follow the chain that is kept, then the repository's. */
  async #roots(trusted: TrustedMetadata): Promise<void> {
    const { fetcher, store, marks } = this.#options
    for (let count = 0; count < MAXIMUM_ROOTS; count += 1) {
      const version = trusted.rootVersion + 1
      const kept = await store.root(version)
      if (kept !== undefined && accepts(() => trusted.updateRoot(kept))) {
        this.#files.set(`${version}.root.json`, kept)
        continue
      }
      try {
        const bytes = await fetcher.metadata(`${version}.root.json`, LIMITS.root)
        if (bytes === undefined) break
        trusted.updateRoot(bytes)
        await store.writeRoot(version, bytes)
        this.#files.set(`${version}.root.json`, bytes)
      } catch (error) {
        throw asRefusal(error, 'root')
      }
    }
    if (trusted.rootVersion < marks.root) {
      throw rollback(`root is at version ${trusted.rootVersion}, this device has seen ${marks.root}`)
    }
    this.#earn({ root: trusted.rootVersion })
  }

  /** TUF 5.4. */
  async #timestamp(trusted: TrustedMetadata): Promise<void> {
    const kept = await this.#options.store.role('timestamp')
    // Even an expired one holds the versions below which nothing may go (5.4.3).
    if (kept !== undefined) accepts(() => trusted.updateTimestamp(kept))
    await this.#step('timestamp', async () => {
      const bytes = await this.#fetch('timestamp.json', LIMITS.timestamp)
      const used = trusted.updateTimestamp(bytes) ? bytes : (kept ?? bytes)
      this.#hold('timestamp', trusted.timestampMark(), this.#options.marks.timestamp)
      if (used === bytes) await this.#options.store.writeRole('timestamp', bytes)
      this.#files.set('timestamp.json', used)
      this.#earn({ timestamp: trusted.timestampMark(), timeFloor: this.#timeFloor(trusted) })
    })
  }

  /** The signed time of issue, as far as our own clock bears it out: a hub that was wrong once must not bind us for years. */
  #timeFloor(trusted: TrustedMetadata): Mark {
    const issued = trusted.issueMark()
    return { ...issued, height: Math.min(issued.height, Math.max(0, this.#options.clock.now() + CLOCK_LEAD_MS)) }
  }

  /** TUF 5.5. */
  async #snapshot(trusted: TrustedMetadata): Promise<void> {
    const kept = await this.#options.store.role('snapshot')
    const usable = kept !== undefined && accepts(() => trusted.updateSnapshot(kept, true))
    await this.#step('snapshot', async () => {
      const meta = trusted.snapshotMeta()
      const bytes = usable ? kept : await this.#fetch(`${meta.version}.snapshot.json`, meta.length ?? LIMITS.snapshot)
      if (!usable) trusted.updateSnapshot(bytes, false)
      this.#hold('snapshot', trusted.snapshotMark(), this.#options.marks.snapshot)
      if (!usable) await this.#options.store.writeRole('snapshot', bytes)
      this.#files.set(`${meta.version}.snapshot.json`, bytes)
      this.#earn({ snapshot: trusted.snapshotMark() })
    })
  }

  /** TUF 5.6 for the top-level role, then the pinned delegation. */
  async #targets(trusted: TrustedMetadata): Promise<void> {
    await this.#delegated(trusted, 'targets', 'root')
    const { root, targets } = trusted.result()
    const fault = findDelegationFault(root, targets, this.#options.policy)
    if (fault !== undefined) throw new UpdateRefusedError(fault.attack, fault.message)
    this.#earn({ targets: trusted.roleMark('targets') })
  }

  /** TUF 5.6.7 for the one delegation. Absent before the first release, and never again after it. */
  async #approvedModels(trusted: TrustedMetadata): Promise<VerifiedMetadata['approvedModels']> {
    if (trusted.meta(APPROVED_MODELS_ROLE) === undefined) {
      if (this.#options.marks.approvedModels.height > 0) throw rollback('the list of approved models has vanished')
      return undefined
    }
    await this.#delegated(trusted, APPROVED_MODELS_ROLE, 'targets')
    const approvedModels = trusted.role(APPROVED_MODELS_ROLE)
    const fault = findRedelegation(approvedModels)
    if (fault !== undefined) throw new UpdateRefusedError(fault.attack, fault.message)
    this.#earn({ approvedModels: trusted.roleMark(APPROVED_MODELS_ROLE) })
    return approvedModels
  }

  async #delegated(trusted: TrustedMetadata, role: 'targets' | 'approved-models', delegator: string): Promise<void> {
    const kept = await this.#options.store.role(role)
    const usable = kept !== undefined && accepts(() => trusted.updateTargets(kept, role, delegator))
    await this.#step(role, async () => {
      const meta = trusted.meta(role)
      if (meta === undefined) throw new UpdateRefusedError('malformed-metadata', `The snapshot does not list ${role}.`)
      const bytes = usable ? kept : await this.#fetch(`${meta.version}.${role}.json`, meta.length ?? LIMITS.targets)
      if (!usable) trusted.updateTargets(bytes, role, delegator)
      const known = this.#options.marks[role === 'targets' ? 'targets' : 'approvedModels']
      this.#hold(role, trusted.roleMark(role), known)
      if (!usable) await this.#options.store.writeRole(role, bytes)
      this.#files.set(`${meta.version}.${role}.json`, bytes)
    })
  }

  async #step(stage: WalkStage & StoredRole, act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      throw asRefusal(error, stage)
    }
  }

  async #fetch(name: string, maximumBytes: number): Promise<Uint8Array> {
    const bytes = await this.#options.fetcher.metadata(name, maximumBytes)
    if (bytes === undefined) throw new FetchError('missing', `the repository has no ${name}`)
    return bytes
  }

  #hold(stage: WalkStage, seen: Mark, known: Mark): void {
    if (isBelow(known, seen))
      throw rollback(`${stage} is at version ${seen.height}, this device has seen ${known.height}`)
  }

  #earn(part: Partial<HighWaterMarksState>): void {
    this.earned = mergeMarks(this.earned, { ...NO_MARKS, ...part })
  }
}

function rollback(what: string): UpdateRefusedError {
  return new UpdateRefusedError('metadata-rollback', `The repository went back: ${what}.`)
}

function accepts(act: () => unknown): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
