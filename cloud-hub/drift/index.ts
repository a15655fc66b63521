export { compareDistributions, DRIFT_MINIMUM, type DriftComparison } from './compare.ts'
export { Drift, type DriftEntry } from './drift.ts'
