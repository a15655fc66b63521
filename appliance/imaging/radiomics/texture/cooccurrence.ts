import type { AggregationScope } from '../settings.ts'
import type { Triple } from '../volume.ts'
import { type AggregatedFeatures, meanFeatures } from './aggregate.ts'
import { COOCCURRENCE_FEATURES, cooccurrenceFeatures } from './cooccurrence-features.ts'
import { filledSlices, type LevelGrid, offsetOf, PLANE_DIRECTIONS, SPACE_DIRECTIONS } from './level-grid.ts'

/**
 * Grey level co-occurrence features (IBSI 3.6, LFYI) at Chebyshev distance 1, with symmetric matrices and without distance
 * weighting: `2D_avg` (BTW3), `2D_comb` (SUJT), `2_5D_avg` (JJUI), `2_5D_comb` (ZW7Z), `3D_avg` (ITBB), `3D_comb` (IAZD).
 */
export function cooccurrence(grid: LevelGrid, scopes: readonly AggregationScope[]): AggregatedFeatures[] {
  const planar = scopes.includes('2D') || scopes.includes('2_5D') ? inPlane(grid) : []
  const spatial = scopes.includes('3D') ? inSpace(grid) : []
  return [...planar, ...spatial].filter(({ aggregation }) =>
    scopes.some((scope) => aggregation.startsWith(`${scope}_`)),
  )
}

function inPlane(grid: LevelGrid): AggregatedFeatures[] {
  const each: (Float64Array | undefined)[] = []
  const bySlice: (Float64Array | undefined)[] = []
  const byDirection = PLANE_DIRECTIONS.map(() => emptyMatrix(grid))
  for (const { start, end } of filledSlices(grid)) {
    const slice = emptyMatrix(grid)
    PLANE_DIRECTIONS.forEach((direction, index) => {
      const matrix = countPairs(grid, direction, start, end)
      each.push(cooccurrenceFeatures(matrix, grid.levelCount))
      accumulate(slice, matrix)
      accumulate(byDirection[index], matrix)
    })
    bySlice.push(cooccurrenceFeatures(slice, grid.levelCount))
  }
  return [
    { aggregation: '2D_avg', values: meanFeatures(COOCCURRENCE_FEATURES, each) },
    { aggregation: '2D_comb', values: meanFeatures(COOCCURRENCE_FEATURES, bySlice) },
    ...averagedAndMerged('2_5D', grid, byDirection),
  ]
}

function inSpace(grid: LevelGrid): AggregatedFeatures[] {
  const matrices = SPACE_DIRECTIONS.map((direction) => countPairs(grid, direction, 0, grid.levels.length))
  return averagedAndMerged('3D', grid, matrices)
}

function averagedAndMerged(scope: string, grid: LevelGrid, matrices: readonly Float64Array[]): AggregatedFeatures[] {
  const merged = emptyMatrix(grid)
  for (const matrix of matrices) accumulate(merged, matrix)
  const averaged = matrices.map((matrix) => cooccurrenceFeatures(matrix, grid.levelCount))
  return [
    { aggregation: `${scope}_avg`, values: meanFeatures(COOCCURRENCE_FEATURES, averaged) },
    {
      aggregation: `${scope}_comb`,
      values: meanFeatures(COOCCURRENCE_FEATURES, [cooccurrenceFeatures(merged, grid.levelCount)]),
    },
  ]
}

function emptyMatrix(grid: LevelGrid): Float64Array {
  return new Float64Array(grid.levelCount * grid.levelCount)
}

function accumulate(sum: Float64Array | undefined, matrix: Float64Array): void {
  if (sum === undefined) return
  for (let i = 0; i < matrix.length; i++) sum[i] = (sum[i] ?? 0) + (matrix[i] ?? 0)
}

/** The symmetric matrix of pairs of voxels of the indices [start, end) and their neighbours in one direction and its opposite. */
function countPairs(grid: LevelGrid, direction: Triple, start: number, end: number): Float64Array {
  const { levels, levelCount } = grid
  const offset = offsetOf(grid, direction)
  const pairs = new Float64Array(levelCount * levelCount)
  for (let i = start; i < end; i++) {
    const level = levels[i] ?? 0
    if (level === 0) continue
    const other = levels[i + offset] ?? 0
    if (other === 0) continue
    const cell = (level - 1) * levelCount + other - 1
    pairs[cell] = (pairs[cell] ?? 0) + 1
  }
  for (let i = 0; i < levelCount; i++) {
    for (let j = i; j < levelCount; j++) {
      const both = (pairs[i * levelCount + j] ?? 0) + (pairs[j * levelCount + i] ?? 0)
      pairs[i * levelCount + j] = both
      pairs[j * levelCount + i] = both
    }
  }
  return pairs
}
