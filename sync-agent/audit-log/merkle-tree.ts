import { EMPTY_ROOT, nodeHash } from './merkle-hash.ts'

/**
 * Reads the hash of a complete subtree: `level` 0 is a leaf, level L covers 2^L leaves from `position * 2^L` on.
 * It must throw for a subtree that is not complete.
 */
export type SubtreeReader = (level: number, position: number) => Uint8Array

/** Root over the first `size` leaves (RFC 6962 2.1). */
export function rootAt(read: SubtreeReader, size: number): Uint8Array {
  return size === 0 ? EMPTY_ROOT : rangeRoot(read, 0, size)
}

/**
 * Audit path of the leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards (RFC 6962 2.1.1).
 * @throws {RangeError} when the leaf is not in that tree.
 */
export function inclusionPath(read: SubtreeReader, index: number, size: number): Uint8Array[] {
  if (!isSize(size) || !isSize(index) || index >= size) throw new RangeError('the leaf is not in a tree of this size')
  const path: Uint8Array[] = []
  let begin = 0
  let end = size
  while (end - begin > 1) {
    const middle = begin + largestPowerOfTwoBelow(end - begin)
    if (index < middle) {
      path.push(rangeRoot(read, middle, end))
      end = middle
    } else {
      path.push(rangeRoot(read, begin, middle))
      begin = middle
    }
  }
  return path.reverse()
}

/**
 * Proof that the tree of `second` leaves continues the tree of `first` leaves (RFC 6962 2.1.2). Empty when the sizes are
 * equal or `first` is 0.
 * @throws {RangeError} when `first` is greater than `second`.
 */
export function consistencyPath(read: SubtreeReader, first: number, second: number): Uint8Array[] {
  if (!isSize(first) || !isSize(second) || first > second) throw new RangeError('a log has no proof backwards')
  if (first === 0 || first === second) return []
  const path: Uint8Array[] = []
  let begin = 0
  let end = second
  // SUBPROOF of RFC 6962 2.1.2; `whole` is its third argument: the old root itself needs no mention.
  let whole = true
  while (first !== end) {
    const middle = begin + largestPowerOfTwoBelow(end - begin)
    if (first <= middle) {
      path.push(rangeRoot(read, middle, end))
      end = middle
    } else {
      path.push(rangeRoot(read, begin, middle))
      begin = middle
      whole = false
    }
  }
  if (!whole) path.push(rangeRoot(read, begin, end))
  return path.reverse()
}

/** The complete subtrees that one appended leaf completes: the leaf itself and one for every trailing one bit of `index`. */
export function completedSubtrees(
  read: SubtreeReader,
  index: number,
  leaf: Uint8Array,
): { readonly level: number; readonly position: number; readonly hash: Uint8Array }[] {
  const completed = [{ level: 0, position: index, hash: leaf }]
  let position = index
  let hash = leaf
  for (let level = 0; position % 2 === 1; level++) {
    hash = nodeHash(read(level, position - 1), hash)
    position = (position - 1) / 2
    completed.push({ level: level + 1, position, hash })
  }
  return completed
}

/** True for a whole number that can be a tree size or a leaf index. */
export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function rangeRoot(read: SubtreeReader, begin: number, end: number): Uint8Array {
  const count = end - begin
  const level = Math.round(Math.log2(count))
  const power = 2 ** level
  if (power === count && begin % power === 0) return read(level, begin / power)
  const middle = begin + largestPowerOfTwoBelow(count)
  return nodeHash(rangeRoot(read, begin, middle), rangeRoot(read, middle, end))
}

/** The largest power of two strictly below `count`, for counts from 2. */
function largestPowerOfTwoBelow(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}
