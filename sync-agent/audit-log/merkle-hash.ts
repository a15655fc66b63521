import { hash } from 'node:crypto'

/** Bytes of a SHA-256 value. */
export const HASH_BYTES = 32

/** Domain separation of leaves and nodes (RFC 6962 2.1), so that no node can be passed off as a leaf. */
const LEAF_PREFIX = 0x00
const NODE_PREFIX = 0x01

/** Root of the tree without leaves: SHA-256 of the empty string (RFC 6962 2.1). */
export const EMPTY_ROOT: Uint8Array = sha256(Buffer.alloc(0))

/** Hash of a leaf: SHA-256(0x00 || leaf). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  const input = Buffer.allocUnsafe(1 + leaf.length)
  input[0] = LEAF_PREFIX
  input.set(leaf, 1)
  return sha256(input)
}

const nodeInput = Buffer.alloc(1 + 2 * HASH_BYTES)

/** Hash of an interior node: SHA-256(0x01 || left || right). Both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput[0] = NODE_PREFIX
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return sha256(nodeInput)
}

/** True when both are the same bytes. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function sha256(input: Uint8Array): Uint8Array {
  return hash('sha256', input, 'buffer')
}
