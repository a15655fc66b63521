import type { Clock } from '../foundation/index.ts'
import { type Checkpoint, readCheckpoint, signCheckpoint } from './checkpoint.ts'
import { ClockJumps } from './clock-jump.ts'
import { AuditLogError } from './errors.ts'
import { type AuditEventInput, encodeEvent, MAX_LEAF_BYTES } from './event.ts'
import type { LogStore } from './log-store.ts'
import { leafHash } from './merkle-hash.ts'
import { completedSubtrees, consistencyPath, inclusionPath, rootAt, type SubtreeReader } from './merkle-tree.ts'
import type { NoteSigner } from './note.ts'
import { encodeProof } from './proof-file.ts'

/** A leaf that stands in the log. */
export interface AppendedLeaf {
  readonly index: number
  readonly leaf: Uint8Array
  readonly hash: Uint8Array
}

/** What a log needs: its name, its rows and the time. */
export interface AuditLogDependencies {
  /** `leadglass/<device>/audit` at the edge, `leadglass/hub/audit` at the hub. */
  readonly origin: string
  readonly store: LogStore
  readonly clock: Clock
  /** Milliseconds of a clock that nobody sets; with it the log records when `clock` leaps (`clock.jumped`). */
  readonly monotonic?: Clock
}

/**
 * An append-only log as an RFC 6962 tree. Every method is synchronous and works on the store alone, so a caller appends
 * inside the transaction that changes its own tables, and a rollback takes the leaf back with it.
 */
export class AuditLog {
  readonly origin: string
  readonly #store: LogStore
  readonly #clock: Clock
  readonly #jumps: ClockJumps | undefined

  constructor(dependencies: AuditLogDependencies) {
    this.origin = dependencies.origin
    this.#store = dependencies.store
    this.#clock = dependencies.clock
    this.#jumps = dependencies.monotonic === undefined ? undefined : new ClockJumps(dependencies.monotonic)
  }

  /** Number of leaves. */
  get size(): number {
    return this.#store.size()
  }

  /**
   * Records an event, and before it that the clock leapt, if it did.
   * @throws {z.ZodError} when the event does not fit the schema.
   */
  append(event: AuditEventInput): AppendedLeaf {
    const at = this.#clock.now()
    const leaf = encodeEvent(event, at)
    const jump = this.#jumps?.before(this.#store, at)
    if (jump !== undefined) this.appendLeaf(encodeEvent(jump, at))
    return this.appendLeaf(leaf)
  }

  /** Adds a leaf as bytes: for a copy of another log, whose leaves are already encoded. */
  appendLeaf(leaf: Uint8Array): AppendedLeaf {
    if (leaf.length > MAX_LEAF_BYTES) throw leafTooLarge(leaf.length)
    const index = this.#store.size()
    const hash = leafHash(leaf)
    this.#store.append(index, leaf, completedSubtrees(this.#store.subtree, index, hash))
    return { index, leaf, hash }
  }

  /**
   * Adds many leaves at once; inner nodes are worked out in memory instead of being read back one by one.
   * @throws {AuditLogError} `leaf-too-large` before anything is written.
   */
  appendLeaves(leaves: readonly Uint8Array[]): void {
    for (const leaf of leaves) if (leaf.length > MAX_LEAF_BYTES) throw leafTooLarge(leaf.length)
    // Only the newest complete subtree of a level is ever read again: it is the left sibling of the next.
    const newest: { readonly position: number; readonly hash: Uint8Array }[] = []
    const read: SubtreeReader = (level, position) => {
      const known = newest[level]
      return known?.position === position ? known.hash : this.#store.subtree(level, position)
    }
    const first = this.#store.size()
    const added = leaves.map((leaf, i) => {
      const completed = completedSubtrees(read, first + i, leafHash(leaf))
      for (const subtree of completed) newest[subtree.level] = subtree
      return { leaf, completed }
    })
    if (this.#store.appendAll !== undefined) this.#store.appendAll(first, added)
    else for (const [i, { leaf, completed }] of added.entries()) this.#store.append(first + i, leaf, completed)
  }

  /** Bytes of a leaf; `undefined` beyond the end. */
  leaf(index: number): Uint8Array | undefined {
    return this.#store.leaf(index)
  }

  /** Leaves from `from` up to but not including `to` (the whole log unless told), in order. */
  leaves(from = 0, to = this.size): Iterable<Uint8Array> {
    return this.#store.leaves(from, Math.min(to, this.size))
  }

  /** Hash of the complete subtree of 2^`level` leaves at `position`. @throws when the log does not have it yet. */
  subtree(level: number, position: number): Uint8Array {
    return this.#store.subtree(level, position)
  }

  /** RFC 6962 root over the first `size` leaves; of the whole log unless told. */
  root(size = this.size): Uint8Array {
    if (size > this.size) throw new RangeError('the log is not that long')
    return rootAt(this.#store.subtree, size)
  }

  /** Origin, size and root as of now. */
  head(): Checkpoint {
    const size = this.size
    return { origin: this.origin, size, root: this.root(size) }
  }

  /** A signed checkpoint of the log as of now (C2SP tlog-checkpoint). */
  checkpoint(...signers: readonly NoteSigner[]): string {
    return signCheckpoint(this.head(), signers)
  }

  /** Audit path of a leaf in the tree of `size` leaves, leaf's sibling first. @throws {RangeError} when it is not in it. */
  inclusionProof(index: number, size = this.size): Uint8Array[] {
    if (size > this.size) throw new RangeError('the log is not that long')
    return inclusionPath(this.#store.subtree, index, size)
  }

  /** Proof that the log of `second` leaves continues the log of `first`. @throws {RangeError} when it cannot exist. */
  consistencyProof(first: number, second = this.size): Uint8Array[] {
    if (second > this.size) throw new RangeError('the log is not that long')
    return consistencyPath(this.#store.subtree, first, second)
  }

  /**
   * A `.tlog-proof` file for one entry under a checkpoint of this log, cosigned or not.
   * @throws {RangeError} when the checkpoint is of another log or does not cover the entry.
   */
  proofFile(index: number, checkpointNote: string): string {
    const checkpoint = readCheckpoint(checkpointNote)
    if (checkpoint?.origin !== this.origin) throw new RangeError('the checkpoint is not of this log')
    const path = this.inclusionProof(index, checkpoint.size)
    return encodeProof({ leaf: this.leaf(index), index, path, checkpointNote })
  }
}

function leafTooLarge(bytes: number): AuditLogError {
  return new AuditLogError('leaf-too-large', {
    message: `an audit leaf of ${bytes} bytes is longer than ${MAX_LEAF_BYTES}`,
    effect: 'the event was not recorded and the act it belongs to must not go on',
    nextStep: 'report this as a defect: events hold codes, which are short',
  })
}
