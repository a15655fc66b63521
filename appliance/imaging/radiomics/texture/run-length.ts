import type { AggregationScope } from '../settings.ts'
import type { Triple } from '../volume.ts'
import { type AggregatedFeatures, meanFeatures } from './aggregate.ts'
import { CountTable } from './count-table.ts'
import { extentFeatures } from './extent-features.ts'
import { filledSlices, type LevelGrid, offsetOf, PLANE_DIRECTIONS, SPACE_DIRECTIONS } from './level-grid.ts'

/** IBSI 3.7.1 to 3.7.16, in the order of the extent features. */
export const RUN_LENGTH_FEATURES = [
  'sre',
  'lre',
  'lgre',
  'hgre',
  'srlge',
  'srhge',
  'lrlge',
  'lrhge',
  'glnu',
  'glnu_norm',
  'rlnu',
  'rlnu_norm',
  'r_perc',
  'gl_var',
  'rl_var',
  'rl_entr',
] as const

/**
 * Grey level run length features (IBSI 3.7, TP0I), without distance weighting, aggregated as co-occurrence matrices are.
 * Merged matrices count each voxel once for each direction (run percentage).
 */
export function runLength(grid: LevelGrid, scopes: readonly AggregationScope[]): AggregatedFeatures[] {
  const planar = scopes.includes('2D') || scopes.includes('2_5D') ? inPlane(grid) : []
  const spatial = scopes.includes('3D') ? inSpace(grid) : []
  return [...planar, ...spatial].filter(({ aggregation }) =>
    scopes.some((scope) => aggregation.startsWith(`${scope}_`)),
  )
}

function inPlane(grid: LevelGrid): AggregatedFeatures[] {
  const each: (Float64Array | undefined)[] = []
  const bySlice: (Float64Array | undefined)[] = []
  const byDirection = PLANE_DIRECTIONS.map(() => emptyTable(grid))
  for (const { start, end } of filledSlices(grid)) {
    const slice = emptyTable(grid)
    PLANE_DIRECTIONS.forEach((direction, index) => {
      const table = countRuns(grid, direction, start, end)
      each.push(extentFeatures(table))
      slice.merge(table)
      byDirection[index]?.merge(table)
    })
    bySlice.push(extentFeatures(slice))
  }
  return [
    { aggregation: '2D_avg', values: meanFeatures(RUN_LENGTH_FEATURES, each) },
    { aggregation: '2D_comb', values: meanFeatures(RUN_LENGTH_FEATURES, bySlice) },
    ...averagedAndMerged('2_5D', grid, byDirection),
  ]
}

function inSpace(grid: LevelGrid): AggregatedFeatures[] {
  const tables = SPACE_DIRECTIONS.map((direction) => countRuns(grid, direction, 0, grid.levels.length))
  return averagedAndMerged('3D', grid, tables)
}

function averagedAndMerged(scope: string, grid: LevelGrid, tables: readonly CountTable[]): AggregatedFeatures[] {
  const merged = emptyTable(grid)
  for (const table of tables) merged.merge(table)
  return [
    { aggregation: `${scope}_avg`, values: meanFeatures(RUN_LENGTH_FEATURES, tables.map(extentFeatures)) },
    { aggregation: `${scope}_comb`, values: meanFeatures(RUN_LENGTH_FEATURES, [extentFeatures(merged)]) },
  ]
}

function emptyTable(grid: LevelGrid): CountTable {
  return new CountTable(grid.levelCount, Math.max(...grid.dimensions))
}

/** The runs that begin in [start, end): a run begins where the voxel before it has another level. */
function countRuns(grid: LevelGrid, direction: Triple, start: number, end: number): CountTable {
  const { levels } = grid
  const offset = offsetOf(grid, direction)
  const table = emptyTable(grid)
  for (let i = start; i < end; i++) {
    const level = levels[i] ?? 0
    if (level === 0 || levels[i - offset] === level) continue
    let length = 1
    for (let at = i + offset; levels[at] === level; at += offset) length += 1
    table.add(level, length, length)
  }
  return table
}
