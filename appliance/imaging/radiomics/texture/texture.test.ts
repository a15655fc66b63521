import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Triple } from '../volume.ts'
import { cooccurrence } from './cooccurrence.ts'
import { CountTable } from './count-table.ts'
import { dependence } from './dependence.ts'
import { distanceMap } from './distance-map.ts'
import { extentFeatures } from './extent-features.ts'
import { levelGrid, SPACE_DIRECTIONS } from './level-grid.ts'
import { runLength } from './run-length.ts'
import { toneDifference } from './tone-difference.ts'
import { zoneFeatures } from './zones.ts'

const SIZE: Triple = [5, 4, 3]
const COUNT = 60
const regions = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: COUNT, maxLength: COUNT })
  .filter((levels) => levels.some((level) => level > 0))

/** Levels of which 0 is outside both masks. */
function gridOf(list: readonly number[]) {
  const levels = Uint16Array.from(list)
  const mask = Uint8Array.from(list, (level) => (level > 0 ? 1 : 0))
  return levelGrid({ levels, levelCount: 4, origin: 0, width: 1 }, mask, SIZE)
}

/** An image of one slice, two rows of three: the levels of a small example that is counted by hand. */
const EXAMPLE = levelGrid(
  { levels: Uint16Array.of(1, 1, 2, 2, 1, 2), levelCount: 2, origin: 0, width: 1 },
  new Uint8Array(6).fill(1),
  [3, 2, 1],
)

describe('directions', () => {
  it('are thirteen, of which none is the opposite of another', () => {
    const all = SPACE_DIRECTIONS.flatMap((step) => [step.join(), step.map((part) => 0 - part).join()])
    expect(new Set(all).size).toBe(26)
  })
})

describe('matrices counted by hand', () => {
  const of = (features: readonly { aggregation: string; values: Record<string, number | null> }[], name: string) =>
    features.find(({ aggregation }) => aggregation === name)?.values

  it('co-occurrence: of 11 pairs 3 are 1-1, 1 is 2-2 and 7 are unequal', () => {
    // rows 1-1, 1-2 and 2-1, 1-2; columns 1-2, 1-1, 2-2; diagonals 1-1, 1-2 and 1-2, 2-1
    const merged = of(cooccurrence(EXAMPLE, ['3D']), '3D_comb')
    expect(merged?.contrast).toBeCloseTo(7 / 11, 12)
    expect(merged?.energy).toBeCloseTo((3 / 11) ** 2 + (1 / 11) ** 2 + 2 * (3.5 / 11) ** 2, 12)
    expect(merged?.joint_max).toBeCloseTo(3.5 / 11, 12)
  })

  it('zones: three, of 3, 2 and 1 voxels; every voxel is at the border', () => {
    const { size, distance } = zoneFeatures(EXAMPLE, ['3D'])
    expect(of(size, '3D')?.lze).toBeCloseTo((9 + 4 + 1) / 3, 12)
    expect(of(size, '3D')?.z_perc).toBeCloseTo(0.5, 12)
    expect(of(distance, '3D')?.lde).toBe(1)
  })

  it('dependences: 3, 3, 2, 1, 3, 2 voxels of the same level, itself included', () => {
    const values = of(dependence(EXAMPLE, ['3D']), '3D')
    expect(values?.hde).toBeCloseTo((9 + 9 + 4 + 1 + 9 + 4) / 6, 12)
    expect(values?.dc_perc).toBe(1)
  })

  it('runs along the rows only: 2, 1 and 1, 1, 1', () => {
    const oneRow = levelGrid(
      { levels: Uint16Array.of(3, 3, 3, 0, 3, 1), levelCount: 3, origin: 0, width: 1 },
      Uint8Array.of(1, 1, 1, 0, 1, 1),
      [6, 1, 1],
    )
    // along the row runs of 3, 1, 1; in each of the other three directions five runs of 1
    expect(of(runLength(oneRow, ['2D']), '2D_avg')?.lre).toBeCloseTo(((9 + 1 + 1) / 3 + 3) / 4, 12)
    expect(of(runLength(oneRow, ['2D']), '2D_comb')?.r_perc).toBeCloseTo((3 + 15) / 20, 12)
  })

  it('tone differences: the mean of the neighbours in the mask', () => {
    const pair = levelGrid(
      { levels: Uint16Array.of(1, 4), levelCount: 4, origin: 0, width: 1 },
      Uint8Array.of(1, 1),
      [2, 1, 1],
    )
    // p = 1/2 each, s = 3 each: coarseness 1/3, strength 2 * 9 / 6
    const values = of(toneDifference(pair, ['3D']), '3D')
    expect(values?.coarseness).toBeCloseTo(1 / 3, 12)
    expect(values?.strength).toBeCloseTo(3, 12)
    expect(values?.busyness).toBeCloseTo(3 / 3, 12)
  })
})

describe('invariants', () => {
  it('runs, zones and neighbourhoods cover every voxel once for each matrix', () => {
    fc.assert(
      fc.property(regions, (list) => {
        const grid = gridOf(list)
        const voxels = list.filter((level) => level > 0).length
        const zones = zoneFeatures(grid, ['3D', '2_5D'])
        for (const { values } of zones.size) {
          const zoneCount = Number(values.z_perc) * voxels
          expect(zoneCount).toBeCloseTo(Math.round(zoneCount), 9)
          expect(zoneCount).toBeGreaterThanOrEqual(1)
        }
        expect(zones.distance[1]?.values.z_perc).toBeCloseTo(Number(zones.size[1]?.values.z_perc), 12)
        for (const { values } of dependence(grid, ['2D', '2_5D', '3D'])) expect(values.dc_perc).toBe(1)
      }),
      { numRuns: 100 },
    )
  })

  it('in one slice, merging over slices changes nothing', () => {
    fc.assert(
      fc.property(regions, (list) => {
        const levels = Uint16Array.from(list.slice(0, 20))
        if (!levels.some((level) => level > 0)) return
        const mask = Uint8Array.from(levels, (level) => (level > 0 ? 1 : 0))
        const grid = levelGrid({ levels, levelCount: 4, origin: 0, width: 1 }, mask, [5, 4, 1])
        const [avg, comb, avg25, comb25] = cooccurrence(grid, ['2D', '2_5D'])
        expect(avg25?.values).toEqual(avg?.values)
        expect(comb25?.values).toEqual(comb?.values)
        const [bySlice, merged] = toneDifference(grid, ['2D', '2_5D'])
        expect(merged?.values).toEqual(bySlice?.values)
      }),
      { numRuns: 60 },
    )
  })

  it('measures the city block distance to the nearest voxel outside', () => {
    fc.assert(
      fc.property(regions, fc.boolean(), (list, inPlane) => {
        const grid = gridOf(list)
        const [nx, ny, nz] = grid.dimensions
        const distances = distanceMap(grid, inPlane)
        const at = (i: number): Triple => [i % nx, Math.floor(i / nx) % ny, Math.floor(i / nx / ny)]
        const outside = [...grid.mask].flatMap((inside, i) => (inside === 0 ? [at(i)] : []))
        grid.mask.forEach((inside, i) => {
          const here = at(i)
          const reachable = outside.filter((p) => !inPlane || p[2] === here[2])
          const gaps = reachable.map((p) => p.reduce((sum, x, k) => sum + Math.abs(x - (here[k] ?? 0)), 0))
          expect(distances[i]).toBe(inside === 0 ? 0 : Math.min(...gaps))
        })
        expect(distances.length).toBe(nx * ny * nz)
      }),
      { numRuns: 30 },
    )
  })

  it('counts the same in an array and in a map, and after merging', () => {
    const entry = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), fc.nat(30), (list, cut) => {
        const [dense, sparse, first, second] = [50, 3, 10, 10].map((width) => new CountTable(5, width))
        list.forEach(([level, extent], i) => {
          for (const table of [dense, sparse, i < cut ? first : second]) table?.add(level, extent, extent)
        })
        if (second !== undefined) first?.merge(second)
        const features = [dense, sparse, first].map((table) =>
          table === undefined ? undefined : extentFeatures(table),
        )
        for (const other of features.slice(1))
          for (const [k, value] of other?.entries() ?? []) expect(value).toBeCloseTo(features[0]?.[k] ?? Number.NaN, 9)
      }),
    )
  })
})
