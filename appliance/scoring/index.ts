export { fillGolden } from './author-golden.ts'
export { workerCodeRoots } from './code-roots.ts'
export { ScoringError, type ScoringErrorCode } from './errors.ts'
export type { Execution, ExecutionProvider } from './execution.ts'
export { type Fit, fits } from './fit.ts'
export type { Lane } from './lane-queue.ts'
export {
  type GoldenOutcome,
  type InstanceOutcome,
  type InstanceScore,
  type JobFailure,
  NOT_SCORED_REASONS,
  type NotScoredReason,
  type ScoringOutcome,
} from './outcome.ts'
export { type PackageCheck, type PackageTestReport, testPackage } from './package-test.ts'
export {
  executionOf,
  memoryBudgetMiB,
  readScoringPlan,
  SCORING_PLAN_FILE,
  type ScoringPlan,
  type ScoringTrial,
  writeScoringPlan,
} from './plan.ts'
export {
  defaultScoringLimits,
  type PoolFigures,
  type ScoringJob,
  type ScoringLimits,
  ScoringPool,
  type ScoringPoolOptions,
} from './pool.ts'
export { type SelectableModel, type Selection, selectModels } from './select.ts'
export { type TuneRequest, tuneScoring } from './tune.ts'
