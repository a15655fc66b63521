import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { executionProvider } from './execution.ts'
import type { JobFailure } from './outcome.ts'

/** How a score is explained: by hiding parts of the image, or by what each feature contributes. */
export const EXPLAIN_METHODS = ['occlusion', 'attribution'] as const
export const explainMethod = z.enum(EXPLAIN_METHODS)
export type ExplainMethod = z.infer<typeof explainMethod>

/** Why a score has no explanation; a statement about the model or the image, not a failure of the box. */
export const NOT_EXPLAINED_REASONS = [
  'kind-not-explained',
  'output-unknown',
  'frame-unknown',
  'not-additive',
  'no-node-weights',
  'no-fit',
  'unreadable',
  'undecodable',
  'not-finite',
  'internal-error',
] as const
export const notExplainedReason = z.enum(NOT_EXPLAINED_REASONS)
export type NotExplainedReason = z.infer<typeof notExplainedReason>

const figure = z.number().min(-1e9).max(1e9)
const cells = z.number().int().min(1).max(64)
const side = z.number().int().min(1).max(65_535)

/** How much the score falls when a part of the image is hidden; row after row, in the unit of the score. */
const occlusionMap = z
  .strictObject({
    method: z.literal('occlusion'),
    rows: cells,
    columns: cells,
    values: z.instanceof(Float32Array),
    /** How often the model was run. */
    passes: z.number().int().min(1).max(10_000),
  })
  .refine((map) => map.values.length === map.rows * map.columns && map.values.every(Number.isFinite))

const featureAttributions = z
  .strictObject({
    method: z.enum(['linear', 'tree']),
    /** The score of the reference; with the contributions added it is `total`. */
    expected: figure,
    total: figure,
    link: z.array(z.string().max(40)).max(16),
    contributions: z.instanceof(Float64Array),
  })
  .refine((one) => one.contributions.length <= 8192 && one.contributions.every(Number.isFinite))

/** What an explanation holds besides what it is bound to. */
export const explanationContent = z.union([occlusionMap, featureAttributions])
export type ExplanationContent = z.infer<typeof explanationContent>

/** The end of an explanation in a worker. */
export const explainOutcome = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('explained'),
    /** Which frame, from 0. */
    frame: z.number().int().min(0).max(65_535),
    /** SHA-256 of the frame's stored values, see `pixelDigestOf`. */
    pixelDigest: sha256Hex,
    /** Of the stored frame. */
    imageRows: side,
    imageColumns: side,
    /** The score of this frame, as the model gives it now. */
    score: figure,
    content: explanationContent,
    provider: executionProvider.optional(),
  }),
  z.strictObject({
    kind: z.literal('not-explained'),
    reason: notExplainedReason,
    detail: vocabularyCode.optional(),
  }),
])

/** The end of an explanation, or why there is none. */
export type ExplainOutcome =
  | z.infer<typeof explainOutcome>
  | { readonly kind: 'failed'; readonly reason: JobFailure; readonly detail: string }
