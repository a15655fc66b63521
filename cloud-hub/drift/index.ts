export { compareDistributions, DRIFT_MINIMUM, type DriftComparison } from './compare.ts'
export { Drift, type DriftEntry } from './drift.ts'
export { type DriftAlert, DriftAlerts } from './drift-alerts.ts'
