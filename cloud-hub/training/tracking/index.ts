export { type MlflowSettings, mlflowSettings } from './mlflow-client.ts'
export { MlflowTracking, type MlflowTrackingParts } from './mlflow-tracking.ts'
export type {
  ExperimentTracking,
  TrackedFile,
  TrackedRun,
  TrackedRuns,
  TrackedVersion,
  TrackingStatus,
} from './port.ts'
