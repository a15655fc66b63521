import { EMPTY_ROOT, leafHash, nodeHash } from './merkle-hash.ts'

/**
 * The root of a growing list of leaves in memory of one hash a level: the roots of the complete subtrees that make up the
 * tree, largest first. Enough to verify a log of any length in one pass.
 */
export class CompactRange {
  #size = 0
  readonly #peaks: Uint8Array[] = []

  get size(): number {
    return this.#size
  }

  /** Appends a leaf by its bytes. */
  append(leaf: Uint8Array): void {
    this.appendHash(leafHash(leaf))
  }

  /** Appends a leaf by its RFC 6962 leaf hash. */
  appendHash(hash: Uint8Array): void {
    let merged = hash
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#peaks.pop()
      if (left !== undefined) merged = nodeHash(left, merged)
    }
    this.#peaks.push(merged)
    this.#size += 1
  }

  /** RFC 6962 root over everything appended so far. */
  root(): Uint8Array {
    if (this.#peaks.length === 0) return EMPTY_ROOT
    return this.#peaks.reduceRight((right, left) => nodeHash(left, right))
  }
}
