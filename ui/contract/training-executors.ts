import { z } from 'zod'
import { count, instant } from './fields.ts'

/** Where the hub trains, and how far the tracking server is behind, over the hub's interface. */

/** `run-in-tests`: real jobs run in the project's tests. `never-run-for-real`: held against the published interface only. */
export const executorProof = z.enum(['run-in-tests', 'never-run-for-real'])

/** GET /api/training-executors. The first executor is the one of runs that name none. */
export const trainingExecutors = z.object({
  executors: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      proof: executorProof,
      /** Where its jobs go: a master, an address; never a token. */
      target: z.string(),
      /** Runs that train there now. */
      training: count,
    }),
  ),
  /** Null where no MLflow server is configured. */
  tracking: z
    .object({
      url: z.string(),
      experiment: z.string(),
      /** Runs whose present state the server does not have yet. */
      backlog: count,
      told: count,
      lastToldAt: instant.nullable(),
      /** Code of the last failure; null after a round without one. */
      failure: z.string().nullable(),
    })
    .nullable(),
})
export type TrainingExecutors = z.infer<typeof trainingExecutors>
