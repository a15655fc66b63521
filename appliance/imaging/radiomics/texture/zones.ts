import type { AggregationScope } from '../settings.ts'
import { type AggregatedFeatures, meanFeatures } from './aggregate.ts'
import { CountTable } from './count-table.ts'
import { distanceMap } from './distance-map.ts'
import { extentFeatures } from './extent-features.ts'
import { type LevelGrid, neighbourOffsets } from './level-grid.ts'

/** IBSI 3.8.1 to 3.8.16, in the order of the extent features. */
export const SIZE_ZONE_FEATURES = [
  'sze',
  'lze',
  'lgze',
  'hgze',
  'szlge',
  'szhge',
  'lzlge',
  'lzhge',
  'glnu',
  'glnu_norm',
  'zsnu',
  'zsnu_norm',
  'z_perc',
  'gl_var',
  'zs_var',
  'zs_entr',
] as const

/** IBSI 3.9.1 to 3.9.16, in the order of the extent features. */
export const DISTANCE_ZONE_FEATURES = [
  'sde',
  'lde',
  'lgze',
  'hgze',
  'sdlge',
  'sdhge',
  'ldlge',
  'ldhge',
  'glnu',
  'glnu_norm',
  'zdnu',
  'zdnu_norm',
  'z_perc',
  'gl_var',
  'zd_var',
  'zd_entr',
] as const

/** Zones up to this size are counted in an array. */
const DENSE_SIZES = 256

/** The features of both zone families, each with its aggregations. */
export interface ZoneFeatures {
  readonly size: AggregatedFeatures[]
  readonly distance: AggregatedFeatures[]
}

/**
 * Grey level size zone (IBSI 3.8, 9SAK) and distance zone features (IBSI 3.9, VMDZ): `2D` (8QNN), `2_5D` (62GR), `3D` (KOBO).
 * A zone is a set of connected voxels of one level, with 8 neighbours in a slice and 26 in the volume. Its distance is the
 * least of its voxels to the border of the morphological mask.
 */
export function zoneFeatures(grid: LevelGrid, scopes: readonly AggregationScope[]): ZoneFeatures {
  const size: AggregatedFeatures[] = []
  const distance: AggregatedFeatures[] = []
  const emit = (aggregation: AggregationScope, tables: readonly ZoneTables[]) => {
    if (!scopes.includes(aggregation)) return
    const sizes = tables.map((table) => extentFeatures(table.size))
    const distances = tables.map((table) => extentFeatures(table.distance))
    size.push({ aggregation, values: meanFeatures(SIZE_ZONE_FEATURES, sizes) })
    distance.push({ aggregation, values: meanFeatures(DISTANCE_ZONE_FEATURES, distances) })
  }
  if (scopes.includes('2D') || scopes.includes('2_5D')) {
    const bySlice = tablesOf(grid, true)
    emit('2D', bySlice)
    emit('2_5D', [mergeAll(grid, bySlice)])
  }
  if (scopes.includes('3D')) emit('3D', tablesOf(grid, false))
  return { size, distance }
}

interface ZoneTables {
  readonly size: CountTable
  readonly distance: CountTable
}

function emptyTables(grid: LevelGrid): ZoneTables {
  return {
    size: new CountTable(grid.levelCount, DENSE_SIZES),
    distance: new CountTable(grid.levelCount, DENSE_SIZES),
  }
}

function mergeAll(grid: LevelGrid, tables: readonly ZoneTables[]): ZoneTables {
  const merged = emptyTables(grid)
  for (const table of tables) {
    merged.size.merge(table.size)
    merged.distance.merge(table.distance)
  }
  return merged
}

/** Floods every zone once. In the plane there is one pair of tables for each slice, else one pair. */
function tablesOf(grid: LevelGrid, inPlane: boolean): ZoneTables[] {
  const distances = distanceMap(grid, inPlane)
  const offsets = neighbourOffsets(grid, inPlane)
  const sliceSize = grid.dimensions[0] * grid.dimensions[1]
  const tables = new Map<number, ZoneTables>()
  const pending = grid.levels.slice()
  const stack = new Int32Array(grid.levels.length)
  for (let i = 0; i < pending.length; i++) {
    const level = pending[i] ?? 0
    if (level === 0) continue
    const zone = flood(pending, stack, offsets, distances, i)
    const slice = inPlane ? Math.floor(i / sliceSize) : 0
    const pair = tables.get(slice) ?? emptyTables(grid)
    tables.set(slice, pair)
    pair.size.add(level, zone.size, zone.size)
    pair.distance.add(level, zone.distance, zone.size)
  }
  return [...tables.values()]
}

/** Removes the zone of voxel `start` from `pending` and says how many voxels it has and how near the border it comes. */
function flood(
  pending: Uint16Array,
  stack: Int32Array,
  offsets: Int32Array,
  distances: Uint16Array,
  start: number,
): { size: number; distance: number } {
  const level = pending[start] ?? 0
  let [size, distance, top] = [0, Infinity, 1]
  stack[0] = start
  pending[start] = 0
  while (top > 0) {
    top -= 1
    const at = stack[top] ?? 0
    size += 1
    distance = Math.min(distance, distances[at] ?? 0)
    for (let k = 0; k < offsets.length; k++) {
      const next = at + (offsets[k] ?? 0)
      if (pending[next] !== level) continue
      pending[next] = 0
      stack[top] = next
      top += 1
    }
  }
  return { size, distance }
}
