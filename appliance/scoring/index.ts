export { fillGolden } from './author-golden.ts'
export { workerCodeRoots } from './code-roots.ts'
export { checkGpu, type GpuCheck } from './compare-providers.ts'
export { ScoringError, type ScoringErrorCode } from './errors.ts'
export type { Execution, ExecutionProvider } from './execution.ts'
export {
  type ExplainMethod,
  type ExplainOutcome,
  type ExplanationContent,
  explainMethod,
  explanationContent,
} from './explain-outcome.ts'
export { defaultFirstPlanTimes, FirstPlan } from './first-plan.ts'
export { type Fit, fits } from './fit.ts'
export type { Lane } from './lane-queue.ts'
export {
  type GoldenOutcome,
  type InstanceOutcome,
  type InstanceScore,
  type JobFailure,
  type LabelMap,
  NOT_SCORED_REASONS,
  type NotScoredReason,
  type PixelPrintNote,
  type RadiomicsNote,
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
  type ExplainJob,
  type PoolFigures,
  type ScoringJob,
  type ScoringLimits,
  ScoringPool,
  type ScoringPoolOptions,
} from './pool.ts'
export { runOnnx } from './run-onnx.ts'
export { type SelectableModel, type Selection, selectModels } from './select.ts'
export { type FoundProviders, StartProbe } from './start-probe.ts'
export { type TuneRequest, tuneScoring } from './tune.ts'
export { workerKilled } from './worker-killed.ts'
