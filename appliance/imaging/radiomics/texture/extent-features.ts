import type { CountTable } from './count-table.ts'

/**
 * The features that run length (IBSI 3.7), size zone (3.8), distance zone (3.9) and dependence (3.11) matrices share. Their
 * names differ only in what an extent is called, so they are kept in one order and named by the families.
 *
 * Short and long extent, low and high level, and their four products (emphases); level non-uniformity and normalised;
 * extent non-uniformity and normalised; count per voxel; level and extent variance; entropy (bits); energy.
 * @returns `undefined` for an empty table.
 */
export function extentFeatures(table: CountTable): Float64Array | undefined {
  const entries = table.entries()
  if (entries.length === 0) return undefined
  let total = 0
  for (const { count } of entries) total += count
  const emphases = new Float64Array(8)
  const byLevel = new Map<number, number>()
  const byExtent = new Map<number, number>()
  let [meanLevel, meanExtent, entropy, energy] = [0, 0, 0, 0]
  for (const { level, extent, count } of entries) {
    const p = count / total
    const [i2, j2] = [level * level, extent * extent]
    const terms = [p / j2, p * j2, p / i2, p * i2, p / (i2 * j2), (p * i2) / j2, (p * j2) / i2, p * i2 * j2]
    terms.forEach((term, index) => {
      emphases[index] = (emphases[index] ?? 0) + term
    })
    byLevel.set(level, (byLevel.get(level) ?? 0) + p)
    byExtent.set(extent, (byExtent.get(extent) ?? 0) + p)
    meanLevel += p * level
    meanExtent += p * extent
    entropy -= p * Math.log2(p)
    energy += p * p
  }
  const levelUniformity = sumOfSquares(byLevel)
  const extentUniformity = sumOfSquares(byExtent)
  return Float64Array.from([
    ...emphases,
    levelUniformity * total,
    levelUniformity,
    extentUniformity * total,
    extentUniformity,
    total / table.voxels,
    variance(byLevel, meanLevel),
    variance(byExtent, meanExtent),
    Math.abs(entropy),
    energy,
  ])
}

function sumOfSquares(marginal: ReadonlyMap<number, number>): number {
  let sum = 0
  for (const p of marginal.values()) sum += p * p
  return sum
}

function variance(marginal: ReadonlyMap<number, number>, mean: number): number {
  let sum = 0
  for (const [value, p] of marginal) sum += p * (value - mean) ** 2
  return sum
}
