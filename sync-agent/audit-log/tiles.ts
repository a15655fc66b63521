import type { AuditLog } from './audit-log.ts'
import { HASH_BYTES } from './merkle-hash.ts'

/** Hashes, or entries, of a full tile (C2SP tlog-tiles: tiles have a height of 8). */
export const TILE_WIDTH = 256
const TILE_HEIGHT = 8
/** Levels 0 to 7 reach beyond 2^53 leaves. */
const MAX_TILE_LEVEL = 7
/** Entries are prefixed by their length as 16 bits. */
const MAX_ENTRY_BYTES = 65_535

/** One tile: hashes of a level, or the entries below a level-0 tile. `width` is 256 for a full one. */
export type TileName =
  | { readonly kind: 'hashes'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number }

/** `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, without a leading slash. */
export function tilePath(tile: TileName): string {
  const level = tile.kind === 'entries' ? 'entries' : String(tile.level)
  const partial = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`
  return `tile/${level}/${encodeTileIndex(tile.index)}${partial}`
}

/** Groups of three digits, all but the last with a leading x: 1234067 is `x001/x234/067`. */
export function encodeTileIndex(index: number): string {
  const digits = String(index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.match(/\d{3}/g) ?? []
  return groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join('/')
}

/** Reads a tile's path; `undefined` when it is not the one spelling of a tile. */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^tile\/(entries|[0-7])\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path)
  const [, level, groups, partial] = match ?? []
  if (level === undefined || groups === undefined) return undefined
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (!Number.isSafeInteger(index) || (partial !== undefined && width >= TILE_WIDTH)) return undefined
  const tile: TileName =
    level === 'entries' ? { kind: 'entries', index, width } : { kind: 'hashes', level: Number(level), index, width }
  // Superfluous groups of zeroes would be a second name for the same tile.
  return tilePath(tile) === path ? tile : undefined
}

/** Hashes (or entries) that a tile has in a tree of `size` leaves: 0 to 256. */
export function tileWidthAt(size: number, level: number, index: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/**
 * Bytes of a tile; `undefined` when the log is not that long yet. Every width up to what the log has is served, so there
 * is a partial tile for every checkpoint ever published, as C2SP tlog-tiles demands.
 */
export function readTile(log: Pick<AuditLog, 'size' | 'subtree' | 'leaves'>, tile: TileName): Uint8Array | undefined {
  const level = tile.kind === 'entries' ? 0 : tile.level
  if (level > MAX_TILE_LEVEL || tile.width > tileWidthAt(log.size, level, tile.index)) return undefined
  const first = tile.index * TILE_WIDTH
  if (tile.kind === 'entries') {
    const entries = [...log.leaves(first, first + tile.width)]
    // Entries beyond their retention are gone; their hashes stay (C2SP tlog-tiles, Pruning).
    return entries.length === tile.width && entries.every((entry) => entry.length > 0)
      ? encodeEntries(entries)
      : undefined
  }
  const bytes = Buffer.allocUnsafe(tile.width * HASH_BYTES)
  for (let i = 0; i < tile.width; i++) bytes.set(log.subtree(level * TILE_HEIGHT, first + i), i * HASH_BYTES)
  return bytes
}

/** An entry bundle: each entry after its length as 16 bits, big-endian. @throws {RangeError} for an entry too long. */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > MAX_ENTRY_BYTES) throw new RangeError('an entry of a bundle has at most 65,535 bytes')
    const length = Buffer.alloc(2)
    length.writeUInt16BE(entry.length)
    return [length, entry]
  })
  return Buffer.concat(parts)
}

/** Takes an entry bundle apart; `undefined` unless it holds exactly `count` entries and nothing else. */
export function decodeEntries(bundle: Uint8Array, count: number): readonly Uint8Array[] | undefined {
  const view = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  const entries: Uint8Array[] = []
  let at = 0
  while (at + 2 <= view.length && entries.length < count) {
    const end = at + 2 + view.readUInt16BE(at)
    if (end > view.length) return undefined
    entries.push(view.subarray(at + 2, end))
    at = end
  }
  return entries.length === count && at === view.length ? entries : undefined
}
