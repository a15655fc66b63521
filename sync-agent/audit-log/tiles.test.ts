import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../foundation/index.ts'
import { AuditLog } from './audit-log.ts'
import { MemoryLogStore } from './log-store.ts'
import { TileLog } from './tile-log.ts'
import {
  decodeEntries,
  encodeEntries,
  encodeTileIndex,
  parseTilePath,
  readTile,
  tilePath,
  tileWidthAt,
} from './tiles.ts'

function logOf(count: number): AuditLog {
  const log = new AuditLog({
    origin: 'leadglass/test-box/audit',
    store: new MemoryLogStore(),
    clock: new ManualClock(0),
  })
  for (let i = 0; i < count; i++) log.appendLeaf(Buffer.from(`leaf ${i}`))
  return log
}

function served(log: AuditLog, spoil: (path: string, bytes: Buffer) => Buffer = (_path, bytes) => bytes): TileLog {
  return new TileLog(async (path) => {
    const tile = parseTilePath(path)
    const bytes = tile === undefined ? undefined : readTile(log, tile)
    if (bytes === undefined) throw new RangeError(`${path} is not there`)
    return spoil(path, Buffer.from(bytes))
  })
}

const treeAt = (log: AuditLog, size: number) => ({ size, root: log.root(size) })

describe('paths of tiles', () => {
  it.each([
    [0, '000'],
    [7, '007'],
    [999, '999'],
    [1000, 'x001/000'],
    [1_234_067, 'x001/x234/067'],
  ])('writes tile %i as %s', (index, text) => {
    expect(encodeTileIndex(index)).toBe(text)
    expect(parseTilePath(`tile/0/${text}`)).toEqual({ kind: 'hashes', level: 0, index, width: 256 })
  })

  it('reads exactly what it writes', () => {
    fc.assert(
      fc.property(fc.nat(7), fc.nat(10 ** 9), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        const hashes = { kind: 'hashes', level, index, width } as const
        const entries = { kind: 'entries', index, width } as const
        expect(parseTilePath(tilePath(hashes))).toEqual(hashes)
        expect(parseTilePath(tilePath(entries))).toEqual(entries)
      }),
    )
  })

  it.each([
    'tile/8/000',
    'tile/00/000',
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    '/tile/0/000',
    'tile/0/000.p/07',
    'tile/entries/../000',
    'tile/0/001x',
  ])('refuses %s', (path) => expect(parseTilePath(path)).toBeUndefined())
})

describe('tiles of a log', () => {
  it('exist in part for every size that was ever signed, and not beyond the end', () => {
    const log = logOf(600)
    for (let size = 1; size <= 600; size++) {
      const index = Math.floor((size - 1) / 256)
      const width = tileWidthAt(size, 0, index)
      expect(readTile(log, { kind: 'hashes', level: 0, index, width })?.length).toBe(width * 32)
      const entries = readTile(log, { kind: 'entries', index, width })
      expect(decodeEntries(entries ?? new Uint8Array(0), width)?.length).toBe(width)
    }
    expect(readTile(log, { kind: 'hashes', level: 0, index: 2, width: 89 })).toBeUndefined()
    expect(readTile(log, { kind: 'hashes', level: 1, index: 0, width: 2 })?.length).toBe(64)
    expect(readTile(log, { kind: 'hashes', level: 1, index: 0, width: 3 })).toBeUndefined()
  })

  it('carry entries of any bytes up to 65,535', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (entries) => {
        const bundle = encodeEntries(entries)
        expect(decodeEntries(bundle, entries.length)?.map((one) => Buffer.from(one))).toEqual(
          entries.map((one) => Buffer.from(one)),
        )
        expect(decodeEntries(Buffer.concat([bundle, Buffer.alloc(1)]), entries.length)).toBeUndefined()
      }),
    )
    expect(() => encodeEntries([new Uint8Array(65_536)])).toThrow(RangeError)
  })
})

describe('a log of which only tiles can be had', () => {
  const log = logOf(70_000)

  it('proves that any size continues any earlier one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(70_000), fc.nat(70_000), async (a, b) => {
        const [first, second] = a <= b ? [a, b] : [b, a]
        const proof = await served(log).consistency(treeAt(log, first), treeAt(log, second))
        expect(proof).toEqual(log.consistencyProof(first, second))
      }),
      { numRuns: 40 },
    )
  })

  it('proves any entry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(69_999), fc.nat(69_999), async (a, b) => {
        const [index, size] = [Math.min(a, b), Math.max(a, b) + 1]
        const found = await served(log).entry(index, treeAt(log, size))
        expect(Buffer.from(found?.leaf ?? []).toString()).toBe(`leaf ${index}`)
        expect(found?.proof).toEqual(log.inclusionProof(index, size))
      }),
      { numRuns: 40 },
    )
  })

  it('believes no tile: a flipped bit, a short tile and another entry prove nothing', async () => {
    const tree = treeAt(log, 70_000)
    const flip = (_path: string, bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 1))
    expect(await served(log, flip).consistency(treeAt(log, 300), tree)).toBeUndefined()
    expect(await served(log, (_path, bytes) => bytes.subarray(32)).consistency(treeAt(log, 300), tree)).toBeUndefined()
    const other = (path: string, bytes: Buffer): Buffer =>
      path.includes('entries') ? Buffer.from(encodeEntries(Array.from({ length: 256 }, () => Buffer.from('x')))) : bytes
    expect(await served(log, other).entry(300, tree)).toBeUndefined()
    expect(await served(log).consistency(treeAt(log, 500), { size: 499, root: log.root(499) })).toBeUndefined()
  })
})
