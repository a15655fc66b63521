/** IBSI 3.6.1 to 3.6.25, in this order. */
export const COOCCURRENCE_FEATURES = [
  'joint_max',
  'joint_avg',
  'joint_var',
  'joint_entr',
  'diff_avg',
  'diff_var',
  'diff_entr',
  'sum_avg',
  'sum_var',
  'sum_entr',
  'energy',
  'contrast',
  'dissimilarity',
  'inv_diff',
  'inv_diff_norm',
  'inv_diff_mom',
  'inv_diff_mom_norm',
  'inv_var',
  'corr',
  'auto_corr',
  'clust_tend',
  'clust_shade',
  'clust_prom',
  'info_corr1',
  'info_corr2',
] as const

/** The marginal distributions of a symmetric matrix, and what is summed while they are made. */
interface Marginals {
  readonly row: Float64Array
  /** Probability of each absolute difference 0..N-1. */
  readonly difference: Float64Array
  /** Probability of each sum 2..2N, at index sum. */
  readonly sum: Float64Array
  readonly largest: number
  readonly entropy: number
  readonly energy: number
  readonly product: number
}

/**
 * The features of one symmetric co-occurrence matrix of counts, `levelCount` squared.
 * Where all voxels have one level, correlation is 1 and both information correlations are 0: the quotients are undefined.
 * @returns in the order of COOCCURRENCE_FEATURES, or `undefined` for a matrix without pairs.
 */
export function cooccurrenceFeatures(counts: Float64Array, levelCount: number): Float64Array | undefined {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i] ?? 0
  if (total === 0) return undefined
  const m = marginals(counts, levelCount, total)
  const mean = moment(m.row, (level) => level + 1)
  const variance = moment(m.row, (level) => (level + 1 - mean) ** 2)
  const differenceMean = moment(m.difference, (k) => k)
  const sumMean = moment(m.sum, (k) => k)
  const sumVariance = moment(m.sum, (k) => (k - sumMean) ** 2)
  const rowEntropy = entropyOf(m.row)
  const n = levelCount
  return Float64Array.from([
    m.largest,
    mean,
    variance,
    m.entropy,
    differenceMean,
    moment(m.difference, (k) => (k - differenceMean) ** 2),
    entropyOf(m.difference),
    sumMean,
    sumVariance,
    entropyOf(m.sum),
    m.energy,
    moment(m.difference, (k) => k * k),
    differenceMean,
    moment(m.difference, (k) => 1 / (1 + k)),
    moment(m.difference, (k) => 1 / (1 + k / n)),
    moment(m.difference, (k) => 1 / (1 + k * k)),
    moment(m.difference, (k) => 1 / (1 + (k * k) / (n * n))),
    moment(m.difference, (k) => (k === 0 ? 0 : 1 / (k * k))),
    variance < 1e-12 ? 1 : (m.product - mean * mean) / variance,
    m.product,
    sumVariance,
    moment(m.sum, (k) => (k - sumMean) ** 3),
    moment(m.sum, (k) => (k - sumMean) ** 4),
    // 3.6.24 and 3.6.25: in a symmetric matrix HXY1 and HXY2 are both twice the entropy of the marginal distribution
    rowEntropy < 1e-12 ? 0 : (m.entropy - 2 * rowEntropy) / rowEntropy,
    Math.sqrt(Math.max(0, 1 - Math.exp(-2 * (2 * rowEntropy - m.entropy)))),
  ])
}

function marginals(counts: Float64Array, n: number, total: number): Marginals {
  const row = new Float64Array(n)
  const difference = new Float64Array(n)
  const sum = new Float64Array(2 * n + 1)
  let [largest, entropy, energy, product] = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const count = counts[i * n + j] ?? 0
      if (count === 0) continue
      const p = count / total
      const gap = i < j ? j - i : i - j
      row[i] = (row[i] ?? 0) + p
      difference[gap] = (difference[gap] ?? 0) + p
      sum[i + j + 2] = (sum[i + j + 2] ?? 0) + p
      if (p > largest) largest = p
      entropy -= p * Math.log2(p)
      energy += p * p
      product += p * (i + 1) * (j + 1)
    }
  }
  return { row, difference, sum, largest, entropy: Math.abs(entropy), energy, product }
}

function moment(probabilities: Float64Array, weight: (index: number) => number): number {
  let result = 0
  for (let index = 0; index < probabilities.length; index++) {
    const p = probabilities[index] ?? 0
    if (p !== 0) result += p * weight(index)
  }
  return result
}

function entropyOf(probabilities: Float64Array): number {
  let result = 0
  for (const p of probabilities) if (p > 0) result -= p * Math.log2(p)
  return Math.abs(result)
}
