export { workerCodeRoots } from './code-roots.ts'
export { ScoringError, type ScoringErrorCode } from './errors.ts'
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
export {
  defaultScoringLimits,
  type PoolFigures,
  type ScoringJob,
  type ScoringLimits,
  ScoringPool,
  type ScoringPoolOptions,
} from './pool.ts'
export { type SelectableModel, type Selection, selectModels } from './select.ts'
