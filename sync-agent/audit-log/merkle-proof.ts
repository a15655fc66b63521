import { EMPTY_ROOT, HASH_BYTES, nodeHash, sameHash } from './merkle-hash.ts'
import { isSize } from './merkle-tree.ts'

/** What an inclusion proof claims. Hashes are 32 bytes. */
export interface InclusionClaim {
  readonly index: number
  readonly size: number
  readonly leafHash: Uint8Array
  readonly root: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** True when the leaf stands at `index` in the tree of `size` leaves under `root` (RFC 9162 2.1.3.2). Never throws. */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const { index, size, proof, root } = claim
  if (!isSize(index) || !isSize(size) || index >= size) return false
  if (!areHashes([claim.leafHash, root, ...proof])) return false
  let fn = index
  let sn = size - 1
  let hash = claim.leafHash
  for (const sibling of proof) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && sameHash(hash, root)
}

/** What a consistency proof claims: the tree of `second` leaves continues the tree of `first` leaves. */
export interface ConsistencyClaim {
  readonly first: number
  readonly firstRoot: Uint8Array
  readonly second: number
  readonly secondRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** True when the second tree has the first as its beginning (RFC 9162 2.1.4.2). Never throws. */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { first, firstRoot, second, secondRoot, proof } = claim
  if (!isSize(first) || !isSize(second) || first > second) return false
  if (!areHashes([firstRoot, secondRoot, ...proof])) return false
  // Every tree continues the empty one; RFC 6962 2.1.2 defines no proof for it, so nothing may be sent.
  if (first === 0) return proof.length === 0 && sameHash(firstRoot, EMPTY_ROOT)
  if (first === second) return proof.length === 0 && sameHash(firstRoot, secondRoot)
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof] : [...proof]
  const start = path.shift()
  if (start === undefined || proof.length === 0) return false
  let fn = first - 1
  let sn = second - 1
  while (isOdd(fn)) {
    fn = half(fn)
    sn = half(sn)
  }
  let firstHash = start
  let secondHash = start
  for (const node of path) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      firstHash = nodeHash(node, firstHash)
      secondHash = nodeHash(node, secondHash)
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      secondHash = nodeHash(secondHash, node)
    }
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && sameHash(firstHash, firstRoot) && sameHash(secondHash, secondRoot)
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === HASH_BYTES)
}

/** Bit arithmetic without 32-bit operators: sizes go up to 2^53. */
function half(value: number): number {
  return Math.floor(value / 2)
}

function isOdd(value: number): boolean {
  return value % 2 === 1
}

function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (rest % 2 === 0) rest /= 2
  return rest === 1
}
