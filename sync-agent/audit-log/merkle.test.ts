import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../foundation/index.ts'
import { AuditLog } from './audit-log.ts'
import { CompactRange } from './compact-range.ts'
import { MemoryLogStore } from './log-store.ts'
import { EMPTY_ROOT, leafHash, nodeHash } from './merkle-hash.ts'
import { verifyConsistency, verifyInclusion } from './merkle-proof.ts'

/** The reference tree of the Certificate Transparency test suites: leaves, and the root after each. */
const REFERENCE_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const REFERENCE_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function logOf(leaves: readonly Uint8Array[]): AuditLog {
  const log = new AuditLog({
    origin: 'leadglass/test-box/audit',
    store: new MemoryLogStore(),
    clock: new ManualClock(0),
  })
  for (const leaf of leaves) log.appendLeaf(leaf)
  return log
}

/** RFC 6962 2.1 word for word, as the oracle. */
function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) return EMPTY_ROOT
  if (leaves.length === 1) return leafHash(only)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Buffer.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << (bit % 8)), at)
  return copy
}

const numberedLeaves = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => Buffer.from(`leaf ${i}`))

describe('leaves added many at a time', () => {
  it('make the tree that they make one by one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 8 }), (batches) => {
        const leaves = numberedLeaves(batches.reduce((sum, count) => sum + count, 0))
        const log = logOf([])
        let from = 0
        for (const count of batches) {
          log.appendLeaves(leaves.slice(from, from + count))
          from += count
        }
        expect(hex(log.root())).toBe(hex(naiveRoot(leaves)))
        if (from > 1) expect(log.inclusionProof(from - 1)).toEqual(logOf(leaves).inclusionProof(from - 1))
      }),
    )
  })
})

describe('the reference tree of RFC 6962', () => {
  it('has the known root when it is empty', () => {
    expect(hex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hex(logOf([]).root())).toBe(hex(EMPTY_ROOT))
  })

  it.each(REFERENCE_ROOTS.map((root, i) => [i + 1, root] as const))('has the known root at %i leaves', (size, root) => {
    const leaves = REFERENCE_LEAVES.map((leaf) => Buffer.from(leaf, 'hex'))
    const range = new CompactRange()
    for (const leaf of leaves.slice(0, size)) range.append(leaf)
    expect(hex(range.root())).toBe(root)
    expect(hex(logOf(leaves).root(size))).toBe(root)
  })

  it('has the known consistency proof from 6 to 8 leaves', () => {
    const log = logOf(REFERENCE_LEAVES.map((leaf) => Buffer.from(leaf, 'hex')))
    expect(log.consistencyProof(6, 8).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ])
    expect(log.consistencyProof(2, 5).map(hex)).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ])
  })
})

describe('proofs', () => {
  it('has the root of RFC 6962 2.1 at every size', () => {
    const leaves = numberedLeaves(70)
    const log = logOf(leaves)
    for (let size = 0; size <= leaves.length; size++) {
      expect(hex(log.root(size))).toBe(hex(naiveRoot(leaves.slice(0, size))))
    }
  })

  it('proves every leaf in every tree and every pair of sizes', () => {
    const leaves = numberedLeaves(40)
    const log = logOf(leaves)
    for (let size = 1; size <= leaves.length; size++) {
      const root = log.root(size)
      for (let index = 0; index < size; index++) {
        const leaf = leaves[index] ?? Buffer.alloc(0)
        const proof = log.inclusionProof(index, size)
        expect(verifyInclusion({ index, size, leafHash: leafHash(leaf), root, proof })).toBe(true)
        if (size > 1) {
          expect(verifyInclusion({ index: (index + 1) % size, size, leafHash: leafHash(leaf), root, proof })).toBe(
            false,
          )
        }
      }
      for (let first = 0; first <= size; first++) {
        const claim = { first, firstRoot: log.root(first), second: size, secondRoot: root }
        expect(verifyConsistency({ ...claim, proof: log.consistencyProof(first, size) })).toBe(true)
      }
    }
  })

  it('fails on any flipped bit of an inclusion proof', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), fc.nat(), (size, at, part, bit) => {
        const leaves = numberedLeaves(size)
        const log = logOf(leaves)
        const index = at % size
        const proof = log.inclusionProof(index, size)
        const hashes = [leafHash(leaves[index] ?? Buffer.alloc(0)), log.root(), ...proof]
        const changed = hashes.map((hash, i) => (i === part % hashes.length ? flipped(hash, bit) : hash))
        const [leaf, root, ...path] = changed
        if (leaf === undefined || root === undefined) return false
        return !verifyInclusion({ index, size, leafHash: leaf, root, proof: path })
      }),
    )
  })

  it('fails on any flipped bit, missing or added hash of a consistency proof', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), fc.nat(), (second, at, part, bit) => {
        const log = logOf(numberedLeaves(second))
        const first = 1 + (at % (second - 1))
        const proof = log.consistencyProof(first, second)
        const claim = { first, firstRoot: log.root(first), second, secondRoot: log.root(second) }
        const hashes = [claim.firstRoot, claim.secondRoot, ...proof]
        const [firstRoot, secondRoot, ...path] = hashes.map((hash, i) =>
          i === part % hashes.length ? flipped(hash, bit) : hash,
        )
        if (firstRoot === undefined || secondRoot === undefined) return false
        return (
          verifyConsistency({ ...claim, proof }) &&
          !verifyConsistency({ first, firstRoot, second, secondRoot, proof: path }) &&
          !verifyConsistency({ ...claim, proof: proof.slice(0, -1) }) &&
          !verifyConsistency({ ...claim, proof: [...proof, EMPTY_ROOT] })
        )
      }),
    )
  })

  it('does not take a proof of a smaller tree for one of a larger tree', () => {
    const log = logOf(numberedLeaves(8))
    const leaf = leafHash(Buffer.from('leaf 0'))
    const proof = log.inclusionProof(0, 2)
    expect(verifyInclusion({ index: 0, size: 2, leafHash: leaf, root: log.root(2), proof })).toBe(true)
    for (const size of [3, 4, 5, 8]) {
      expect(verifyInclusion({ index: 0, size, leafHash: leaf, root: log.root(2), proof })).toBe(false)
    }
    const claim = { first: 2, firstRoot: log.root(2), secondRoot: log.root(4), proof: log.consistencyProof(2, 4) }
    expect(verifyConsistency({ ...claim, second: 4 })).toBe(true)
    for (const second of [5, 6, 7, 8]) expect(verifyConsistency({ ...claim, second })).toBe(false)
  })

  it('detects a changed history: another first leaf never continues the old tree', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 64 }), fc.nat(), (second, at) => {
        const first = 1 + (at % (second - 1))
        const honest = logOf(numberedLeaves(second))
        const rewritten = logOf([Buffer.from('rewritten'), ...numberedLeaves(second).slice(1)])
        return !verifyConsistency({
          first,
          firstRoot: honest.root(first),
          second,
          secondRoot: rewritten.root(),
          proof: rewritten.consistencyProof(first, second),
        })
      }),
    )
  })

  it('never throws on hostile claims', () => {
    const size = fc.oneof(fc.integer({ min: -2, max: 300 }), fc.double(), fc.constant(Number.MAX_SAFE_INTEGER))
    const blob = fc.uint8Array({ maxLength: 33 })
    fc.assert(
      fc.property(
        size,
        size,
        blob,
        blob,
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 })),
        (a, b, x, y, p) => {
          const inclusion = verifyInclusion({ index: a, size: b, leafHash: x, root: y, proof: p })
          const consistency = verifyConsistency({ first: a, firstRoot: x, second: b, secondRoot: y, proof: p })
          return typeof inclusion === 'boolean' && typeof consistency === 'boolean'
        },
      ),
    )
  })

  it('refuses to make proofs of what is not there', () => {
    const log = logOf(numberedLeaves(3))
    expect(() => log.inclusionProof(3)).toThrow(RangeError)
    expect(() => log.inclusionProof(0, 4)).toThrow(RangeError)
    expect(() => log.consistencyProof(3, 2)).toThrow(RangeError)
    expect(() => log.root(4)).toThrow(RangeError)
  })
})

describe('speed', () => {
  it('hashes at least 100,000 appended leaves a second', () => {
    const leaf = Buffer.alloc(250, 'a')
    const range = new CompactRange()
    const begin = process.cpuUsage()
    for (let i = 0; i < 100_000; i++) range.append(leaf)
    const { user, system } = process.cpuUsage(begin)
    expect(range.size).toBe(100_000)
    expect((user + system) / 1e6).toBeLessThan(1)
  })
})
