import { HASH_BYTES, leafHash, nodeHash } from './merkle-hash.ts'
import { verifyConsistency, verifyInclusion } from './merkle-proof.ts'
import { consistencyPath, inclusionPath, type SubtreeReader } from './merkle-tree.ts'
import { decodeEntries, TILE_WIDTH, type TileName, tilePath, tileWidthAt } from './tiles.ts'

const TILE_HEIGHT = 8

/** Fetches the bytes under a path of a log (C2SP tlog-tiles). @throws when they cannot be had. */
export type FetchTile = (path: string) => Promise<Uint8Array>

/** The size and root that a log has signed; the caller has verified the signature. */
export interface SignedTree {
  readonly size: number
  readonly root: Uint8Array
}

/**
 * A log of which only tiles can be had. Nothing of a tile is believed: what is worked out from tiles is held against the
 * roots that the log has signed. Tiles are kept for the lifetime of this object.
 */
export class TileLog {
  readonly #fetch: FetchTile
  readonly #tiles = new Map<string, Uint8Array>()

  constructor(fetch: FetchTile) {
    this.#fetch = fetch
  }

  /**
   * The proof that `second` continues `first`, made from tiles and verified; `undefined` when it does not, or the tiles
   * are not those of the signed tree.
   */
  async consistency(first: SignedTree, second: SignedTree): Promise<readonly Uint8Array[] | undefined> {
    if (first.size > second.size) return undefined
    const proof = await this.#collect(second.size, (read) => consistencyPath(read, first.size, second.size))
    if (proof === undefined) return undefined
    const roots = { first: first.size, firstRoot: first.root, second: second.size, secondRoot: second.root }
    return verifyConsistency({ ...roots, proof }) ? proof : undefined
  }

  /** The entry at `index`, with its proof, verified; `undefined` when the tiles do not prove it. */
  async entry(
    index: number,
    tree: SignedTree,
  ): Promise<{ readonly leaf: Uint8Array; readonly proof: readonly Uint8Array[] } | undefined> {
    if (index >= tree.size) return undefined
    const tile = Math.floor(index / TILE_WIDTH)
    const width = tileWidthAt(tree.size, 0, tile)
    const entries = decodeEntries(await this.#fetch(tilePath({ kind: 'entries', index: tile, width })), width)
    const leaf = entries?.[index % TILE_WIDTH]
    const proof = await this.#collect(tree.size, (read) => inclusionPath(read, index, tree.size))
    if (leaf === undefined || proof === undefined) return undefined
    const claim = { index, size: tree.size, leafHash: leafHash(leaf), root: tree.root, proof }
    return verifyInclusion(claim) ? { leaf, proof } : undefined
  }

  /** As `consistency`, for sizes whose roots somebody else will judge; empty when the tiles cannot be had. */
  async proof(first: number, second: number): Promise<readonly Uint8Array[]> {
    return (await this.#collect(second, (read) => consistencyPath(read, first, second))) ?? []
  }

  /** Which subtrees are asked for does not depend on their hashes: a first pass learns the tiles, a second has them. */
  async #collect(
    size: number,
    path: (read: SubtreeReader) => readonly Uint8Array[],
  ): Promise<readonly Uint8Array[] | undefined> {
    const needed = new Map<string, TileName>()
    const unknown = new Uint8Array(HASH_BYTES)
    path((level, position) => {
      const { tile } = placeOf(level, position, size)
      needed.set(tilePath(tile), tile)
      return unknown
    })
    for (const [name, tile] of needed) {
      if (this.#tiles.has(name)) continue
      const bytes = await this.#fetch(name)
      if (bytes.length !== tile.width * HASH_BYTES) return undefined
      this.#tiles.set(name, bytes)
    }
    return path((level, position) => this.#subtree(level, position, size))
  }

  #subtree(level: number, position: number, size: number): Uint8Array {
    const { tile, first, count } = placeOf(level, position, size)
    const bytes = this.#tiles.get(tilePath(tile)) ?? new Uint8Array(0)
    let hashes = Array.from({ length: count }, (_, i) =>
      bytes.subarray((first + i) * HASH_BYTES, (first + i + 1) * HASH_BYTES),
    )
    while (hashes.length > 1) {
      hashes = hashes.flatMap((left, i) => {
        const right = hashes[i + 1]
        return i % 2 === 0 && right !== undefined ? [nodeHash(left, right)] : []
      })
    }
    return hashes[0] ?? new Uint8Array(HASH_BYTES)
  }
}

/** The tile that holds a complete subtree, and which of its hashes make it up. */
function placeOf(level: number, position: number, size: number) {
  const tileLevel = Math.floor(level / TILE_HEIGHT)
  const count = 2 ** (level - tileLevel * TILE_HEIGHT)
  const start = position * count
  const index = Math.floor(start / TILE_WIDTH)
  const width = tileWidthAt(size, tileLevel, index)
  return { tile: { kind: 'hashes', level: tileLevel, index, width } as const, first: start % TILE_WIDTH, count }
}
