import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { trainerChoice } from './trainers/choice.ts'

/** What a trainer is told, as `job.json` in the run's folder. Paths are absolute. */
export const trainingJob = z.strictObject({
  schema: z.literal('leadglass.training-job/1'),
  run: z.uuid(),
  finding: vocabularyCode,
  snapshot: z.strictObject({ folder: z.string(), digest: sha256Hex }),
  parent: z.strictObject({ folder: z.string(), digest: sha256Hex }),
  code: sha256Hex,
  seed: z.string().min(1).max(200),
  /** How the head is fitted; without it as a linear head around its parent's. */
  trainer: trainerChoice.exactOptional(),
  gates: z.strictObject({
    heldOutPositives: z.number().int().min(0),
    heldOutNegatives: z.number().int().min(0),
    heldOutPatients: z.number().int().min(0),
    aucMargin: z.number().min(0).max(1),
  }),
})
export type TrainingJob = z.infer<typeof trainingJob>

/** One line of a trainer's standard output. */
export const trainerLine = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('progress'), percent: z.number().min(0).max(100), message: z.string().max(500) }),
  z.strictObject({ kind: z.literal('stopped'), code: z.string().max(60), message: z.string().max(1000) }),
  z.strictObject({ kind: z.literal('done') }),
])
export type TrainerLine = z.infer<typeof trainerLine>

/** Files in a run's folder. */
export const RUN_FILES = { job: 'job.json', head: 'head.onnx', report: 'report.json' } as const
