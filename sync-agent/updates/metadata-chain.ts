import { APPROVED_MODELS_ROLE, RECALLS_ROLE } from '../contract/index.ts'
import type { Clock } from '../foundation/index.ts'
import { UpdateRefusedError } from './attacks.ts'
import { FetchError, type RepositoryFetcher } from './fetcher.ts'
import { type HighWaterMarksState, isBelow, type Mark, mergeMarks, NO_MARKS } from './high-water-marks.ts'
import type { MetadataStore } from './metadata-store.ts'
import { TrustedMetadata } from './trusted-metadata.ts'
import { asRefusal, type WalkStage } from './tuf-errors.ts'

/** Size caps in bytes, as tuf-js has them. */
export const LIMITS = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 } as const
/** TUF 5.3.3: the most roots that one walk follows. */
const MAXIMUM_ROOTS = 256

/** How far the hub's clock may be ahead of ours and still be believed. */
const CLOCK_LEAD_MS = 86_400_000

/** What following a repository needs. `marks` are the device's marks as read just before. */
export interface ChainOptions {
  readonly fetcher: RepositoryFetcher
  readonly store: MetadataStore
  readonly marks: HighWaterMarksState
  readonly clock: Clock
}

/** The marks that a targets role can have. */
export type RoleMarkName = Extract<keyof HighWaterMarksState, 'targets' | 'approvedModels' | 'recalls'>

/**
 * The TUF client workflow (specification 5.2 to 5.6), step by step. tuf-js verifies; this class moves bytes, keeps them
 * only once verified, and holds the marks. It knows nothing of models: what a device pins beyond TUF is the walk's.
 */
export class MetadataChain {
  readonly #options: ChainOptions
  readonly #trusted: TrustedMetadata
  /** The exact bytes of what is trusted, by repository name, root chain included. */
  readonly files = new Map<string, Uint8Array>()
  /** Marks that were earned so far; worth keeping even when a later step fails. */
  #earned: HighWaterMarksState = NO_MARKS

  private constructor(options: ChainOptions, trusted: TrustedMetadata) {
    this.#options = options
    this.#trusted = trusted
    this.files.set(`${trusted.rootVersion}.root.json`, options.store.initialRoot)
  }

  /** TUF 5.2. @throws {UpdateRefusedError} for an initial root that cannot be read or does not sign itself. */
  static begin(options: ChainOptions): MetadataChain {
    const now = Math.max(options.clock.now(), options.marks.timeFloor.height)
    try {
      return new MetadataChain(options, new TrustedMetadata(options.store.initialRoot, now))
    } catch (error) {
      throw asRefusal(error, 'root')
    }
  }

  get trusted(): TrustedMetadata {
    return this.#trusted
  }

  get earned(): HighWaterMarksState {
    return this.#earned
  }

  /** TUF 5.3: follow the chain that is kept, then the repository's. */
  async roots(): Promise<void> {
    const { fetcher, store, marks } = this.#options
    for (let count = 0; count < MAXIMUM_ROOTS; count += 1) {
      const version = this.#trusted.rootVersion + 1
      const kept = await store.root(version)
      if (kept !== undefined && accepts(() => this.#trusted.updateRoot(kept))) {
        this.files.set(`${version}.root.json`, kept)
        continue
      }
      try {
        const bytes = await fetcher.metadata(`${version}.root.json`, LIMITS.root)
        if (bytes === undefined) break
        this.#trusted.updateRoot(bytes)
        await store.writeRoot(version, bytes)
        this.files.set(`${version}.root.json`, bytes)
      } catch (error) {
        throw asRefusal(error, 'root')
      }
    }
    if (this.#trusted.rootVersion < marks.root) {
      throw rollback(`root is at version ${this.#trusted.rootVersion}, this device has seen ${marks.root}`)
    }
    this.#earn({ root: this.#trusted.rootVersion })
  }

  /** TUF 5.4. */
  async timestamp(): Promise<void> {
    const kept = await this.#options.store.role('timestamp')
    // Even an expired one holds the versions below which nothing may go (5.4.3).
    if (kept !== undefined) accepts(() => this.#trusted.updateTimestamp(kept))
    await this.#step('timestamp', async () => {
      const bytes = await this.#fetch('timestamp.json', LIMITS.timestamp)
      const used = this.#trusted.updateTimestamp(bytes) ? bytes : (kept ?? bytes)
      this.#hold('timestamp', this.#trusted.timestampMark(), this.#options.marks.timestamp)
      if (used === bytes) await this.#options.store.writeRole('timestamp', bytes)
      this.files.set('timestamp.json', used)
      this.#earn({ timestamp: this.#trusted.timestampMark(), timeFloor: this.#timeFloor() })
    })
  }

  /** The signed time of issue, as far as our own clock bears it out: a hub that was wrong once must not bind us for years. */
  #timeFloor(): Mark {
    const issued = this.#trusted.issueMark()
    return { ...issued, height: Math.min(issued.height, Math.max(0, this.#options.clock.now() + CLOCK_LEAD_MS)) }
  }

  /** TUF 5.5. */
  async snapshot(): Promise<void> {
    const kept = await this.#options.store.role('snapshot')
    const usable = kept !== undefined && accepts(() => this.#trusted.updateSnapshot(kept, true))
    await this.#step('snapshot', async () => {
      const meta = this.#trusted.snapshotMeta()
      const bytes = usable ? kept : await this.#fetch(`${meta.version}.snapshot.json`, meta.length ?? LIMITS.snapshot)
      if (!usable) this.#trusted.updateSnapshot(bytes, false)
      this.#hold('snapshot', this.#trusted.snapshotMark(), this.#options.marks.snapshot)
      if (!usable) await this.#options.store.writeRole('snapshot', bytes)
      this.files.set(`${meta.version}.snapshot.json`, bytes)
      this.#earn({ snapshot: this.#trusted.snapshotMark() })
    })
  }

  /**
   * TUF 5.6 for one targets role, as its delegator vouches for it. One that was verified for another delegator before is
   * verified again.
   * @param mark the device's mark of that role, when it keeps one.
   */
  async delegated(role: string, delegator: string, mark?: RoleMarkName): Promise<void> {
    const { store, marks } = this.#options
    const kept = await store.role(role)
    const usable = kept !== undefined && accepts(() => this.#trusted.updateTargets(kept, role, delegator))
    await this.#step(role === APPROVED_MODELS_ROLE || role === RECALLS_ROLE ? role : 'targets', async () => {
      const meta = this.#trusted.meta(role)
      if (meta === undefined) throw new UpdateRefusedError('malformed-metadata', `The snapshot does not list ${role}.`)
      const name = `${meta.version}.${encodeURIComponent(role)}.json`
      const bytes = usable ? kept : await this.#fetch(name, meta.length ?? LIMITS.targets)
      if (!usable) this.#trusted.updateTargets(bytes, role, delegator)
      if (mark !== undefined) this.#hold(role, this.#trusted.roleMark(role), marks[mark])
      if (!usable) await store.writeRole(role, bytes)
      this.files.set(name, bytes)
    })
  }

  /** Keeps what a targets role has earned, once nothing speaks against it. */
  earnRole(role: string, mark: RoleMarkName): void {
    this.#earn({ [mark]: this.#trusted.roleMark(role) })
  }

  async #step(stage: WalkStage, act: () => Promise<void>): Promise<void> {
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

  #hold(stage: string, seen: Mark, known: Mark): void {
    if (isBelow(known, seen))
      throw rollback(`${stage} is at version ${seen.height}, this device has seen ${known.height}`)
  }

  #earn(part: Partial<HighWaterMarksState>): void {
    this.#earned = mergeMarks(this.#earned, { ...NO_MARKS, ...part })
  }
}

/** The repository stands below what the device has seen. */
export function rollback(what: string): UpdateRefusedError {
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
