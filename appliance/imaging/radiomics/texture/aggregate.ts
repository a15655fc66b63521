import type { FeatureValues } from '../intensity/statistics.ts'

/** Features of one family with one way of aggregating texture matrices: `2D_avg`, `2_5D`, `3D_comb`, ... */
export interface AggregatedFeatures {
  readonly aggregation: string
  readonly values: FeatureValues
}

/**
 * The mean of features over matrices (IBSI 3, 5QB6). Matrices that hold nothing (`undefined`) do not count.
 * @returns every name with `null` when no matrix holds anything.
 */
export function meanFeatures(names: readonly string[], all: readonly (Float64Array | undefined)[]): FeatureValues {
  const filled = all.filter((features) => features !== undefined)
  const values: FeatureValues = {}
  names.forEach((name, index) => {
    let sum = 0
    for (const features of filled) sum += features[index] ?? 0
    values[name] = filled.length === 0 ? null : sum / filled.length
  })
  return values
}
