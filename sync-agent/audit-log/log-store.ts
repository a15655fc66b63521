import type { SubtreeReader } from './merkle-tree.ts'

/** A subtree that an appended leaf completed; level 0 is the leaf hash itself. */
export interface CompletedSubtree {
  readonly level: number
  readonly position: number
  readonly hash: Uint8Array
}

/**
 * Where one log keeps its leaves. Synchronous on purpose: the caller appends inside its own transaction, so that a record
 * and its audit leaf are committed together or not at all. A store keeps no state of its own between calls.
 */
export interface LogStore {
  /** Number of leaves. */
  size(): number
  /** Bytes of a leaf; `undefined` beyond the end. */
  leaf(index: number): Uint8Array | undefined
  /** Leaves from `from` up to but not including `to`, in order. */
  leaves(from: number, to: number): Iterable<Uint8Array>
  /** Hash of a complete subtree. @throws when the store does not have it. */
  readonly subtree: SubtreeReader
  /** Adds the leaf at `index`, which must be `size()`, and the subtrees it completes. */
  append(index: number, leaf: Uint8Array, completed: readonly CompletedSubtree[]): void
  /** The same for leaves that follow each other, the first at `index`, where a store is faster with many. */
  appendAll?(index: number, leaves: readonly NewLeaf[]): void
}

/** A leaf on its way into a store, with the subtrees that it completes. */
export interface NewLeaf {
  readonly leaf: Uint8Array
  readonly completed: readonly CompletedSubtree[]
}

/** A log in memory: for verification runs and tests. */
export class MemoryLogStore implements LogStore {
  readonly #leaves: Uint8Array[] = []
  readonly #levels: Uint8Array[][] = []

  readonly subtree: SubtreeReader = (level, position) => {
    const hash = this.#levels[level]?.[position]
    if (hash === undefined) throw new RangeError('the subtree is not complete')
    return hash
  }

  size(): number {
    return this.#leaves.length
  }

  leaf(index: number): Uint8Array | undefined {
    return this.#leaves[index]
  }

  leaves(from: number, to: number): Iterable<Uint8Array> {
    return this.#leaves.slice(from, to)
  }

  append(index: number, leaf: Uint8Array, completed: readonly CompletedSubtree[]): void {
    if (index !== this.#leaves.length) throw new RangeError('a leaf is appended at the end of its log')
    this.#leaves.push(leaf)
    for (const { level, position, hash } of completed) {
      const hashes = this.#levels[level] ?? []
      hashes[position] = hash
      this.#levels[level] = hashes
    }
  }
}
