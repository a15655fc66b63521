import type { AggregationScope } from '../settings.ts'
import { type AggregatedFeatures, meanFeatures } from './aggregate.ts'
import { filledSlices, type LevelGrid, neighbourOffsets } from './level-grid.ts'

/** IBSI 3.10.1 to 3.10.5, in this order. */
export const TONE_DIFFERENCE_FEATURES = ['coarseness', 'contrast', 'busyness', 'complexity', 'strength'] as const

/** IBSI 3.10.1: what coarseness is where no voxel differs from its neighbourhood. */
const LARGEST_COARSENESS = 1e6

/** By grey level (index level - 1): voxels with a neighbour, and the sum of differences from the mean of the neighbours. */
interface ToneTable {
  readonly counts: Float64Array
  readonly differences: Float64Array
}

/**
 * Neighbourhood grey tone difference features (IBSI 3.10, IPET) at Chebyshev distance 1. Neighbours outside the intensity
 * mask do not count, nor do voxels without any neighbour. Aggregated `2D`, `2_5D`, `3D`.
 */
export function toneDifference(grid: LevelGrid, scopes: readonly AggregationScope[]): AggregatedFeatures[] {
  const result: AggregatedFeatures[] = []
  const emit = (aggregation: AggregationScope, tables: readonly ToneTable[]) => {
    if (scopes.includes(aggregation))
      result.push({ aggregation, values: meanFeatures(TONE_DIFFERENCE_FEATURES, tables.map(toneFeatures)) })
  }
  if (scopes.includes('2D') || scopes.includes('2_5D')) {
    const bySlice = filledSlices(grid).map(({ start, end }) => toneTable(grid, true, start, end))
    emit('2D', bySlice)
    emit('2_5D', [mergeAll(grid, bySlice)])
  }
  if (scopes.includes('3D')) emit('3D', [toneTable(grid, false, 0, grid.levels.length)])
  return result
}

function mergeAll(grid: LevelGrid, tables: readonly ToneTable[]): ToneTable {
  const merged = { counts: new Float64Array(grid.levelCount), differences: new Float64Array(grid.levelCount) }
  for (const table of tables) {
    table.counts.forEach((count, i) => {
      merged.counts[i] = (merged.counts[i] ?? 0) + count
      merged.differences[i] = (merged.differences[i] ?? 0) + (table.differences[i] ?? 0)
    })
  }
  return merged
}

function toneTable(grid: LevelGrid, inPlane: boolean, start: number, end: number): ToneTable {
  const { levels, levelCount } = grid
  const offsets = neighbourOffsets(grid, inPlane)
  const counts = new Float64Array(levelCount)
  const differences = new Float64Array(levelCount)
  for (let i = start; i < end; i++) {
    const level = levels[i] ?? 0
    if (level === 0) continue
    let [sum, neighbours] = [0, 0]
    for (let k = 0; k < offsets.length; k++) {
      const other = levels[i + (offsets[k] ?? 0)] ?? 0
      if (other === 0) continue
      sum += other
      neighbours += 1
    }
    if (neighbours === 0) continue
    counts[level - 1] = (counts[level - 1] ?? 0) + 1
    differences[level - 1] = (differences[level - 1] ?? 0) + Math.abs(level - sum / neighbours)
  }
  return { counts, differences }
}

function toneFeatures({ counts, differences }: ToneTable): Float64Array | undefined {
  let [total, allDifferences] = [0, 0]
  for (const count of counts) total += count
  for (const difference of differences) allDifferences += difference
  if (total === 0) return undefined
  const tones = [...counts].flatMap((count, index) =>
    count === 0 ? [] : [{ level: index + 1, p: count / total, s: differences[index] ?? 0 }],
  )
  let weighted = 0
  for (const { p, s } of tones) weighted += p * s
  let [spread, busy, complexity, strength] = [0, 0, 0, 0]
  for (const a of tones) {
    for (const b of tones) {
      const gap = a.level - b.level
      spread += a.p * b.p * gap * gap
      busy += Math.abs(a.level * a.p - b.level * b.p)
      complexity += (Math.abs(gap) * (a.p * a.s + b.p * b.s)) / (a.p + b.p)
      strength += (a.p + b.p) * gap * gap
    }
  }
  const groups = tones.length
  return Float64Array.from([
    weighted === 0 ? LARGEST_COARSENESS : Math.min(1 / weighted, LARGEST_COARSENESS),
    groups > 1 ? ((spread / (groups * (groups - 1))) * allDifferences) / total : 0,
    busy === 0 ? 0 : weighted / busy,
    complexity / total,
    allDifferences === 0 ? 0 : strength / allDifferences,
  ])
}
