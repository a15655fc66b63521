import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { declaredOutcome, EVALUATION_AXES, evaluationDocument } from '@leadglass/ui/contract/hub-api'
import { z } from 'zod'
import { trainerRecord } from './trainers/choice.ts'

const figure = z.number()
const count = z.number().int().min(0)

/** An estimate with its 95 % interval. */
export const interval = z.strictObject({ value: figure, low: figure, high: figure })

/** One model on the held-out cases. `threshold` is a probability. */
export const evaluation = z.strictObject({
  auc: interval,
  sensitivity: interval,
  specificity: interval,
  threshold: figure,
  brier: figure,
  expectedCalibrationError: figure,
})
export type Evaluation = z.infer<typeof evaluation>

/**
 * One condition that a candidate must meet: one of the hub's own, or one that the model declares, which says more.
 * `measured` is null when it could not be evaluated.
 */
export const gateResult = z.strictObject({
  gate: z.string().max(200),
  passed: z.boolean(),
  measured: figure.nullable(),
  limit: figure,
  declared: declaredOutcome.optional(),
})
export type GateResult = z.infer<typeof gateResult>

const FIRST_VERSION = 'leadglass.training-report/1'
const SECOND_VERSION = 'leadglass.training-report/2'

const members = z.strictObject({
  schema: z.enum([FIRST_VERSION, SECOND_VERSION]),
  snapshot: sha256Hex,
  parent: sha256Hex,
  code: sha256Hex,
  seed: z.string(),
  finding: z.string(),
  cases: z.strictObject({
    training: z.strictObject({ studies: count, patients: count, positives: count, negatives: count }),
    heldOut: z.strictObject({ studies: count, patients: count, positives: count, negatives: count }),
  }),
  /** Of a head around its parent: how firmly the parent's weights are held. */
  prior: z
    .strictObject({
      strength: figure,
      candidates: z.array(z.strictObject({ strength: figure, logLoss: figure })),
      folds: count,
    })
    .optional(),
  /** Of a head that another trainer fitted: its options, and what was tried. */
  trainer: trainerRecord.optional(),
  thresholdMilli: count,
  candidate: evaluation,
  parentModel: evaluation,
  comparison: z.strictObject({ difference: figure, low: figure, high: figure, p: figure }),
  subgroups: z.array(
    z.strictObject({
      by: z.enum(EVALUATION_AXES),
      value: z.string(),
      studies: count,
      candidate: figure,
      parent: figure,
    }),
  ),
  /**
   * Of each site, with three sites and more: how well a head does there that was fitted to the other sites alone, beside the
   * version to improve on the same cases.
   */
  sitesLeftOut: z
    .array(
      z.strictObject({ site: z.string(), studies: count, positives: count, candidate: interval, parent: interval }),
    )
    .optional(),
  parity: z.strictObject({ cases: count, largestDifference: figure, limit: figure }),
  gates: z.array(gateResult),
  head: z.strictObject({ sha256: sha256Hex, bytes: count }),
  evaluation: evaluationDocument.optional(),
  /** Whose the declared gates are: the package's own, or those of packages that declare none. */
  gatesDeclaredBy: z.enum(['package', 'default']).optional(),
})

/**
 * What a trainer found out. Everything in it follows from (snapshot, parent, code, seed). The first version had the summary
 * only, and stays readable; the second carries the whole evaluation that the summary is taken from.
 */
export const trainingReport = members.refine(
  ({ schema, evaluation: whole, gatesDeclaredBy }) =>
    (schema === SECOND_VERSION) === (whole !== undefined && gatesDeclaredBy !== undefined),
  { message: 'a report of the second version carries its evaluation' },
)
export type TrainingReport = z.infer<typeof trainingReport>
