import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import type { ExecutionProvider } from './execution.ts'

/** Why an instance was not scored. Each is a result to show and to record, not a failure of the box. */
export const NOT_SCORED_REASONS = [
  'no-fit-modality',
  'no-fit-sop-class',
  'no-fit-body-part',
  'no-fit-view',
  'no-fit-age',
  'too-small',
  'multi-frame',
  'no-fit-frames',
  'not-monochrome',
  'no-fit-quality',
  'no-volume',
  'part-of-volume',
  'unreadable',
  'undecodable',
  'not-finite',
  'internal-error',
] as const
export const notScoredReason = z.enum(NOT_SCORED_REASONS)
export type NotScoredReason = z.infer<typeof notScoredReason>

const figure = z.number().min(-1e9).max(1e9)
const instance = z.number().int().min(0).max(100_000)
const qualityFigures = z.record(vocabularyCode, figure).refine((record) => Object.keys(record).length <= 64)

/** One score, in the unit that the package's output declares. */
export const instanceScore = z.strictObject({ code: vocabularyCode, value: figure })
export type InstanceScore = z.infer<typeof instanceScore>

/**
 * What became of one file; `instance` is its position in the job's list. `detail` says more of `unreadable` and
 * `undecodable`: the code of the parser or decoder.
 */
export const instanceOutcome = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('scored'),
    instance,
    embedding: z.instanceof(Float32Array).refine((values) => values.length <= 8192),
    scores: z.array(instanceScore).min(1).max(64),
    quality: qualityFigures,
  }),
  z.strictObject({
    kind: z.literal('not-scored'),
    instance,
    reason: notScoredReason,
    detail: vocabularyCode.optional(),
    quality: qualityFigures.optional(),
  }),
])
export type InstanceOutcome = z.infer<typeof instanceOutcome>

/** Why a whole job has no result. */
export const JOB_FAILURES = ['timed-out', 'crashed', 'memory', 'package-invalid', 'model-failed', 'stopped'] as const
export const jobFailure = z.enum(JOB_FAILURES)
export type JobFailure = z.infer<typeof jobFailure>

/** The end of a scoring job. `provider`: what really ran the graphs. */
export type ScoringOutcome =
  | {
      readonly kind: 'completed'
      readonly instances: readonly InstanceOutcome[]
      readonly provider?: ExecutionProvider | undefined
    }
  | { readonly kind: 'failed'; readonly reason: JobFailure; readonly detail: string }

/** The end of a run of a package's golden cases. `maximumDeviation` is the largest absolute difference seen. */
export type GoldenOutcome =
  | {
      readonly kind: 'passed'
      readonly cases: number
      readonly maximumDeviation: number
      readonly provider?: ExecutionProvider | undefined
    }
  | { readonly kind: 'failed'; readonly reason: JobFailure | 'deviates'; readonly detail: string }
