import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
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
  'no-series',
  'series-not-selected',
  'no-prior',
  'missing-input',
  'out-of-range',
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

const side = z.number().int().min(1).max(65_535)

/** A label map that lies in a file: its digest, and the file of the job that each slice of it belongs to. */
export const labelMapNote = z.strictObject({
  sha256: sha256Hex,
  size: z.tuple([side, side, side]),
  instances: z.array(instance).max(65_535),
})
export type LabelMapNote = z.infer<typeof labelMapNote>

const hexDigest = z.string().regex(/^[0-9a-f]{64}$/)

/** Radiomic features of one region; each row with the digest of the settings would repeat it, so it stands once. */
export const radiomicsNote = z.strictObject({
  settings: hexDigest,
  voxels: z.number().int().min(0),
  /** Why there are no rows; null where there are. */
  reason: vocabularyCode.nullable(),
  rows: z
    .array(
      z.strictObject({
        code: vocabularyCode,
        /** Permalink code of the IBSI manual. */
        ibsi: z
          .string()
          .regex(/^[A-Z0-9]{4}$/)
          .nullable(),
        /** UCUM; null when dimensionless or in the unit of the image. */
        unit: z.string().max(16).nullable(),
        value: z.number().nullable(),
        verified: z.boolean(),
      }),
    )
    .max(128),
})
export type RadiomicsNote = z.infer<typeof radiomicsNote>

/** What tells whether two objects show the same pixels; it never leaves the box. */
export const pixelPrintNote = z.strictObject({
  digest: hexDigest,
  look: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
})

export type PixelPrintNote = z.infer<typeof pixelPrintNote>

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
    labelMap: labelMapNote.optional(),
    radiomics: radiomicsNote.optional(),
    print: pixelPrintNote.optional(),
  }),
  z.strictObject({
    kind: z.literal('not-scored'),
    instance,
    reason: notScoredReason,
    detail: vocabularyCode.optional(),
    quality: qualityFigures.optional(),
    print: pixelPrintNote.optional(),
  }),
])
export type InstanceOutcome = z.infer<typeof instanceOutcome>

/** Why a whole job has no result. */
export const JOB_FAILURES = ['timed-out', 'crashed', 'memory', 'package-invalid', 'model-failed', 'stopped'] as const
export const jobFailure = z.enum(JOB_FAILURES)
export type JobFailure = z.infer<typeof jobFailure>

/** The classes of all voxels of a series, on the grid of its slices. */
export interface LabelMap {
  /** The file of the job whose outcome carries the map. */
  readonly instance: number
  /** Slices along the normal of their planes, rows, columns. */
  readonly size: readonly [number, number, number]
  /** For each slice the file of the job that it is. */
  readonly instances: readonly number[]
  readonly labels: Uint8Array
}

/** The end of a scoring job. `provider`: what really ran the graphs. */
export type ScoringOutcome =
  | {
      readonly kind: 'completed'
      readonly instances: readonly InstanceOutcome[]
      /** Of a segmentation, where the job asked for it. */
      readonly labelMaps?: readonly LabelMap[]
      readonly provider?: ExecutionProvider | undefined
      /** From when a worker was given the job until it ended, in milliseconds; waiting is not in it. */
      readonly ms?: number | undefined
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
