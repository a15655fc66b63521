export { TrainingError } from './errors.ts'
export {
  ExecutorError,
  type JobStatus,
  type ListedExecutor,
  LocalExecutor,
  makeExecutors,
  type TrainingExecutor,
} from './executors/index.ts'
export { DEFAULT_GATES, type GateLimits } from './gates.ts'
export { type TrainerLine, type TrainingJob, trainerLine, trainingJob } from './job.ts'
export type { RunRecord } from './record.ts'
export { type TrainingReport, trainingReport } from './report.ts'
export { type Reproduction, ReproductionStore } from './reproduction-store.ts'
export { RUN_STATES, type RunState, RunStore, type TrainingRun } from './run-store.ts'
export { TRAINING_SCHEMA } from './schema.ts'
export { type ExperimentTracking, MlflowTracking, type TrackedRun, type TrackingStatus } from './tracking/index.ts'
export { type TrainerChoice, trainerChoice } from './trainers/choice.ts'
export { TRAINING_SYSTEM, Training, type TrainingDependencies, type TrainingRequest } from './training.ts'
export {
  LabelLedger,
  type OpenDriftAlert,
  type RecordedDecision,
  ScheduleTimes,
  type TriggerPolicy,
  TriggerStore,
  Triggers,
  triggerPolicy,
} from './triggers/index.ts'
