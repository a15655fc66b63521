import type { AggregationScope } from '../settings.ts'
import { type AggregatedFeatures, meanFeatures } from './aggregate.ts'
import { CountTable } from './count-table.ts'
import { extentFeatures } from './extent-features.ts'
import { filledSlices, type LevelGrid, neighbourOffsets } from './level-grid.ts'

/** IBSI 3.11.1 to 3.11.17, in the order of the extent features. */
export const DEPENDENCE_FEATURES = [
  'lde',
  'hde',
  'lgce',
  'hgce',
  'ldlge',
  'ldhge',
  'hdlge',
  'hdhge',
  'glnu',
  'glnu_norm',
  'dcnu',
  'dcnu_norm',
  'dc_perc',
  'gl_var',
  'dc_var',
  'dc_entr',
  'dc_energy',
] as const

/** A voxel and its 26 neighbours. */
const MOST_DEPENDENT = 27

/**
 * Neighbouring grey level dependence features (IBSI 3.11, REK0) at Chebyshev distance 1 with coarseness 0: how many voxels
 * around a voxel, itself included, have its level. Aggregated `2D`, `2_5D`, `3D`.
 */
export function dependence(grid: LevelGrid, scopes: readonly AggregationScope[]): AggregatedFeatures[] {
  const result: AggregatedFeatures[] = []
  const emit = (aggregation: AggregationScope, tables: readonly CountTable[]) => {
    if (scopes.includes(aggregation))
      result.push({ aggregation, values: meanFeatures(DEPENDENCE_FEATURES, tables.map(extentFeatures)) })
  }
  if (scopes.includes('2D') || scopes.includes('2_5D')) {
    const bySlice = filledSlices(grid).map(({ start, end }) => countDependences(grid, true, start, end))
    const merged = emptyTable(grid)
    for (const table of bySlice) merged.merge(table)
    emit('2D', bySlice)
    emit('2_5D', [merged])
  }
  if (scopes.includes('3D')) emit('3D', [countDependences(grid, false, 0, grid.levels.length)])
  return result
}

function emptyTable(grid: LevelGrid): CountTable {
  return new CountTable(grid.levelCount, MOST_DEPENDENT + 1)
}

function countDependences(grid: LevelGrid, inPlane: boolean, start: number, end: number): CountTable {
  const { levels } = grid
  const offsets = neighbourOffsets(grid, inPlane)
  const table = emptyTable(grid)
  for (let i = start; i < end; i++) {
    const level = levels[i] ?? 0
    if (level === 0) continue
    let dependent = 1
    for (let k = 0; k < offsets.length; k++) if (levels[i + (offsets[k] ?? 0)] === level) dependent += 1
    table.add(level, dependent, 1)
  }
  return table
}
