import { modelReference } from '@leadglass/sync-agent/contract'
import { z } from 'zod'
import { execution, executionProvider } from './execution.ts'
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
    limits: workerLimits,
    execution: execution.optional(),
  }),
  z.strictObject({ kind: z.literal('golden'), jobId, packageFolder: path, execution: execution.optional() }),
])
export type WorkerRequest = z.infer<typeof workerRequest>

/**
 * Worker to pool. What a worker says is believed only through this schema: it has read hostile files.
 * `completed` ends a scoring job, `golden` a golden one, `failed` either.
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
  z.strictObject({
    kind: z.literal('failed'),
    jobId,
    reason: jobFailure.extract(['package-invalid', 'model-failed']),
    detail: z.string().max(500),
  }),
])
export type WorkerReply = z.infer<typeof workerReply>
