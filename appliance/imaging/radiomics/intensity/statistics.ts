/** Features of a set of intensities by their code without the family; `null` where the definition divides by zero. */
export type FeatureValues = Record<string, number | null>

/**
 * Intensity-based statistics (IBSI 3.3, UHIW) of at least one intensity. Moments are of the population; kurtosis is excess.
 * Percentiles interpolate linearly between order statistics. The intensities are sorted in place.
 */
export function intensityStatistics(intensities: Float64Array): FeatureValues {
  const basic = distribution(intensities)
  let energy = 0
  for (const value of intensities) energy += value * value
  return { ...basic, energy, rms: Math.sqrt(energy / intensities.length) }
}

/** The features that intensity statistics (IBSI 3.3) and the intensity histogram (IBSI 3.4) share. Sorts in place. */
export function distribution(values: Float64Array): FeatureValues {
  values.sort()
  const count = values.length
  const mean = meanOf(values)
  const { variance, skewness, kurtosis } = moments(values, mean)
  const at = (percent: number) => percentile(values, percent)
  const [p10, p25, median, p75, p90] = [at(10), at(25), at(50), at(75), at(90)]
  const [min, max] = [values[0] ?? 0, values[count - 1] ?? 0]
  return {
    mean,
    var: variance,
    skew: skewness,
    kurt: kurtosis,
    median,
    min,
    p10,
    p90,
    max,
    iqr: p75 - p25,
    range: max - min,
    mad: meanDeviation(values, mean),
    rmad: robustMeanDeviation(values, p10, p90),
    medad: meanDeviation(values, median),
    cov: quotient(Math.sqrt(variance), mean),
    qcod: quotient(p75 - p25, p75 + p25),
  }
}

/** `null` instead of a division by zero. */
export function quotient(dividend: number, divisor: number): number | null {
  return divisor === 0 ? null : dividend / divisor
}

function meanOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** ECT3, KE2A, IPH6. Skewness and kurtosis of a constant set are 0 by definition. */
function moments(values: Float64Array, mean: number): { variance: number; skewness: number; kurtosis: number } {
  let [second, third, fourth] = [0, 0, 0]
  for (const value of values) {
    const deviation = value - mean
    const square = deviation * deviation
    second += square
    third += square * deviation
    fourth += square * square
  }
  const count = values.length
  const variance = values[0] === values[count - 1] ? 0 : second / count
  if (variance === 0) return { variance, skewness: 0, kurtosis: 0 }
  return { variance, skewness: third / count / variance ** 1.5, kurtosis: fourth / count / variance ** 2 - 3 }
}

function percentile(sorted: Float64Array, percent: number): number {
  const rank = (percent / 100) * (sorted.length - 1)
  const below = Math.floor(rank)
  const low = sorted[below] ?? 0
  return low + (rank - below) * ((sorted[below + 1] ?? low) - low)
}

function meanDeviation(values: Float64Array, centre: number): number {
  let sum = 0
  for (const value of values) sum += Math.abs(value - centre)
  return sum / values.length
}

/** 1128: the mean deviation of the values from the 10th to the 90th percentile from their own mean. */
function robustMeanDeviation(values: Float64Array, p10: number, p90: number): number {
  const inner = values.filter((value) => value >= p10 && value <= p90)
  return inner.length === 0 ? 0 : meanDeviation(inner, meanOf(inner))
}
