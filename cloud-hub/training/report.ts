import { sha256Hex } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'

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

/** One condition that a candidate must meet. */
export const gateResult = z.strictObject({
  gate: z.enum([
    'positives',
    'negatives',
    'patients',
    'not-worse-than-parent',
    'not-significantly-worse',
    'export-parity',
  ]),
  passed: z.boolean(),
  measured: figure,
  limit: figure,
})
export type GateResult = z.infer<typeof gateResult>

/** What a trainer found out. Everything in it follows from (snapshot, parent, code, seed). */
export const trainingReport = z.strictObject({
  schema: z.literal('leadglass.training-report/1'),
  snapshot: sha256Hex,
  parent: sha256Hex,
  code: sha256Hex,
  seed: z.string(),
  finding: z.string(),
  cases: z.strictObject({
    training: z.strictObject({ studies: count, patients: count, positives: count, negatives: count }),
    heldOut: z.strictObject({ studies: count, patients: count, positives: count, negatives: count }),
  }),
  prior: z.strictObject({
    strength: figure,
    candidates: z.array(z.strictObject({ strength: figure, logLoss: figure })),
    folds: count,
  }),
  thresholdMilli: count,
  candidate: evaluation,
  parentModel: evaluation,
  comparison: z.strictObject({ difference: figure, low: figure, high: figure, p: figure }),
  subgroups: z.array(
    z.strictObject({
      by: z.enum(['view', 'sex']),
      value: z.string(),
      studies: count,
      candidate: figure,
      parent: figure,
    }),
  ),
  parity: z.strictObject({ cases: count, largestDifference: figure, limit: figure }),
  gates: z.array(gateResult),
  head: z.strictObject({ sha256: sha256Hex, bytes: count }),
})
export type TrainingReport = z.infer<typeof trainingReport>
