import { modelReference, vocabularyCode } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { execution, executionProvider } from './execution.ts'
import { explainMethod, explainOutcome } from './explain-outcome.ts'
import { instanceOutcome, jobFailure } from './outcome.ts'

const path = z.string().min(1).max(4096)
const jobId = z.string().min(1).max(128)
const size = z.number().int().min(1)

/** Bounds that a worker keeps by itself. */
const workerLimits = z.strictObject({ maximumFileBytes: size, maximumDecodedBytes: size })
export type WorkerLimits = z.infer<typeof workerLimits>

/** Pool to worker. A worker has one job at a time. */
export const workerRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('score'),
    jobId,
    packageFolder: path,
    model: modelReference,
    files: z.array(path).max(100_000),
    /** Of each file the image of an earlier study that goes with it, or null; only for a model that is given one. */
    priors: z.array(path.nullable()).max(100_000).optional(),
    /** One row of a model of tables instead of files; null is NaN. */
    row: z.array(z.number().nullable()).min(1).max(1024).optional(),
    limits: workerLimits,
    /** Where label maps are to be written: the beginning of their paths. Without it none are. */
    labelMaps: path.optional(),
    execution: execution.optional(),
  }),
  z.strictObject({ kind: z.literal('golden'), jobId, packageFolder: path, execution: execution.optional() }),
  z.strictObject({
    kind: z.literal('explain'),
    jobId,
    packageFolder: path,
    model: modelReference,
    file: path,
    limits: workerLimits,
    execution: execution.optional(),
    output: vocabularyCode,
    /** Null: of those that the model looks at, the one whose score is highest. */
    frame: z.number().int().min(0).max(65_535).nullable(),
    method: explainMethod,
    /** Of a model of tables, the row instead of the file's pixels; null is NaN. */
    row: z.array(z.number().nullable()).min(1).max(1024).optional(),
  }),
])
export type WorkerRequest = z.infer<typeof workerRequest>

/**
 * Worker to pool. What a worker says is believed only through this schema: it has read hostile files.
 * `completed` ends a scoring job, `golden` a golden one, `explained` an explanation, `failed` any.
 */
export const workerReply = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ready') }),
  z.strictObject({ kind: z.literal('instance'), jobId, outcome: instanceOutcome }),
  z.strictObject({ kind: z.literal('completed'), jobId, provider: executionProvider.optional() }),
  z.strictObject({
    kind: z.literal('golden'),
    jobId,
    cases: z.number().int().min(0),
    maximumDeviation: z.number().min(0),
    withinTolerance: z.boolean(),
    provider: executionProvider.optional(),
  }),
  z.strictObject({ kind: z.literal('explained'), jobId, outcome: explainOutcome }),
  z.strictObject({
    kind: z.literal('failed'),
    jobId,
    reason: jobFailure.extract(['package-invalid', 'model-failed']),
    detail: z.string().max(500),
  }),
])
export type WorkerReply = z.infer<typeof workerReply>
