import type { Levels } from '../processing/discretise.ts'
import { distribution, type FeatureValues } from './statistics.ts'

/** Intensity histogram features (IBSI 3.4, ZVCW): the distribution of the grey levels and the shape of their histogram. */
export function histogramFeatures({ levels, levelCount }: Levels): FeatureValues {
  const counts = levelCounts(levels, levelCount)
  const expanded = expand(counts)
  const shared = distribution(expanded)
  const { entropy, uniformity } = probabilityFeatures(counts, expanded.length)
  return { ...shared, mode: mode(counts, shared.mean ?? 0), entropy, uniformity, ...gradientFeatures(counts) }
}

function levelCounts(levels: Uint16Array, levelCount: number): Float64Array {
  const counts = new Float64Array(levelCount)
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] ?? 0
    if (level !== 0) counts[level - 1] = (counts[level - 1] ?? 0) + 1
  }
  return counts
}

function expand(counts: Float64Array): Float64Array {
  let total = 0
  for (const count of counts) total += count
  const values = new Float64Array(total)
  let at = 0
  counts.forEach((count, index) => {
    values.fill(index + 1, at, at + count)
    at += count
  })
  return values
}

/** AMMC: of equally frequent levels the one nearest to the mean, of two equally near ones the lower. */
function mode(counts: Float64Array, mean: number): number {
  let best = 0
  counts.forEach((count, index) => {
    const most = counts[best] ?? 0
    if (count > most || (count === most && Math.abs(index + 1 - mean) < Math.abs(best + 1 - mean))) best = index
  })
  return best + 1
}

/** TLU2 (bits) and BJ5W. */
function probabilityFeatures(counts: Float64Array, total: number): { entropy: number; uniformity: number } {
  let [entropy, uniformity] = [0, 0]
  for (const count of counts) {
    if (count === 0) continue
    const probability = count / total
    entropy -= probability * Math.log2(probability)
    uniformity += probability * probability
  }
  return { entropy: Math.abs(entropy), uniformity }
}

/** 12CE, 8E6O, VQB3, RHQZ: central differences, one-sided at both ends. A histogram of one bin has no gradient. */
function gradientFeatures(counts: Float64Array): FeatureValues {
  const last = counts.length - 1
  if (last === 0) return { max_grad: null, max_grad_g: null, min_grad: null, min_grad_g: null }
  const gradient = counts.map((_, i) => {
    const [low, high] = [Math.max(i - 1, 0), Math.min(i + 1, last)]
    return ((counts[high] ?? 0) - (counts[low] ?? 0)) / (high - low)
  })
  const [largest, smallest] = [gradient.reduce((a, b) => Math.max(a, b)), gradient.reduce((a, b) => Math.min(a, b))]
  return {
    max_grad: largest,
    max_grad_g: gradient.indexOf(largest) + 1,
    min_grad: smallest,
    min_grad_g: gradient.indexOf(smallest) + 1,
  }
}
