import { z } from 'zod'

/** How well a model did on labelled cases: the one document that reports, cards, interface and pages share. */

const figure = z.number()
const count = z.number().int().min(0)
const line = z.string().max(400)

/** An estimate with its 95 % interval. */
export const evaluationEstimate = z.strictObject({ value: figure, low: figure, high: figure })
export type EvaluationEstimate = z.infer<typeof evaluationEstimate>

/** A share with Wilson's 95 % interval, of `n` cases. */
export const evaluationShare = evaluationEstimate.extend({ n: count })
export type EvaluationShare = z.infer<typeof evaluationShare>

/** A paired or unpaired difference with its 95 % interval and two-sided p. */
export const evaluationDifference = evaluationEstimate.extend({ p: z.number().min(0).max(1) })
export type EvaluationDifference = z.infer<typeof evaluationDifference>

/** What subgroups are made by. */
export const EVALUATION_AXES = ['sex', 'age-band', 'view', 'scanner', 'site'] as const
export type EvaluationAxis = (typeof EVALUATION_AXES)[number]

/**
 * One model at one operating point: a score at the threshold or above is positive. A share of no case is null.
 * `netBenefit`: true positives less false positives weighed by the odds of the threshold, a case (Vickers and Elkin 2006).
 */
export const evaluationPoint = z.strictObject({
  name: z.string().max(80),
  threshold: figure,
  chosenBy: line,
  truePositives: count,
  falsePositives: count,
  trueNegatives: count,
  falseNegatives: count,
  sensitivity: evaluationShare.nullable(),
  specificity: evaluationShare.nullable(),
  positivePredictiveValue: evaluationShare.nullable(),
  negativePredictiveValue: evaluationShare.nullable(),
  netBenefit: evaluationEstimate.nullable(),
})
export type EvaluationPoint = z.infer<typeof evaluationPoint>

/**
 * `slope` and `intercept` of the logistic recalibration, null where the cases are parted perfectly; `observedLessPredicted`:
 * the share of positives less the mean score; `expectedError` over the bins, which hold equal numbers of cases.
 */
export const evaluationCalibration = z.strictObject({
  slope: evaluationEstimate.nullable(),
  intercept: evaluationEstimate.nullable(),
  observedLessPredicted: evaluationEstimate,
  expectedError: figure,
  bins: z.array(z.strictObject({ n: count, predicted: figure, observed: figure, low: figure, high: figure })).max(10),
})
export type EvaluationCalibration = z.infer<typeof evaluationCalibration>

const curve = z.array(z.tuple([figure, figure])).max(200)

/** One model on all cases. `roc`: false positive rate, sensitivity; `precisionRecall`: recall, precision. */
export const evaluatedModel = z.strictObject({
  auc: evaluationEstimate,
  averagePrecision: evaluationEstimate,
  brier: evaluationEstimate,
  calibration: evaluationCalibration,
  points: z.array(evaluationPoint).max(8),
  roc: curve,
  precisionRecall: curve,
})
export type EvaluatedModel = z.infer<typeof evaluatedModel>

/** Cases on which two models decide differently, and what follows of it (McNemar 1947, exact). */
const pairedShare = evaluationDifference.extend({ n: count, onlyCandidate: count, onlyRunning: count })

/** Candidate less running version, on the same cases. Differences of shares: each at its own threshold. */
export const evaluationComparison = z.strictObject({
  auc: evaluationDifference,
  averagePrecision: evaluationEstimate,
  brier: evaluationDifference,
  points: z
    .array(
      z.strictObject({
        name: z.string().max(80),
        threshold: figure,
        runningThreshold: figure,
        sensitivity: pairedShare.nullable(),
        specificity: pairedShare.nullable(),
        netBenefit: evaluationDifference.nullable(),
      }),
    )
    .max(8),
})
export type EvaluationComparison = z.infer<typeof evaluationComparison>

/** Figures of a part of the cases; null where they are too few for it. Shares are those of the first operating point. */
export const groupFigures = z.strictObject({
  auc: evaluationEstimate.nullable(),
  sensitivity: evaluationShare.nullable(),
  specificity: evaluationShare.nullable(),
  calibrationSlope: evaluationEstimate.nullable(),
  observedLessPredicted: evaluationEstimate.nullable(),
  expectedError: figure.nullable(),
})
export type GroupFigures = z.infer<typeof groupFigures>

/** A subgroup, and how it differs from all other cases of the same axis. */
export const evaluationGroup = z.strictObject({
  by: z.enum(EVALUATION_AXES),
  value: z.string().max(80),
  n: count,
  patients: count,
  positives: count,
  negatives: count,
  /** False: too few cases for any figure, and none is given. */
  enough: z.boolean(),
  figures: groupFigures,
  runningAuc: evaluationEstimate.nullable(),
  lessRest: z.strictObject({
    auc: evaluationDifference.nullable(),
    sensitivity: evaluationEstimate.nullable(),
    specificity: evaluationEstimate.nullable(),
    calibrationSlope: evaluationDifference.nullable(),
    observedLessPredicted: evaluationDifference.nullable(),
  }),
})
export type EvaluationGroup = z.infer<typeof evaluationGroup>

/**
 * Does the model find the disease, or the way the picture was taken? `stratified`: pairs of a positive and a negative case
 * of the same stratum only; `axisAlone`: the area that knowing the stratum and nothing else would give on these cases.
 */
export const shortcutCheck = z.strictObject({
  by: z.enum(['view', 'scanner', 'site']),
  overall: evaluationEstimate,
  stratified: evaluationEstimate.nullable(),
  drop: evaluationDifference.nullable(),
  axisAlone: figure,
  strata: z.array(z.strictObject({ value: z.string().max(80), n: count, auc: evaluationEstimate.nullable() })).max(200),
  verdict: z.enum(['suspected', 'not-seen', 'too-few']),
})
export type ShortcutCheck = z.infer<typeof shortcutCheck>

/** The evaluation of a model, and of the running version on the same cases where there is one. */
export const evaluationDocument = z.strictObject({
  schema: z.literal('leadglass.evaluation/1'),
  cases: z.strictObject({ n: count, patients: count, positives: count, negatives: count }),
  /** Below these no figure is given. */
  minimum: z.strictObject({ cases: count, perClass: count, calibrationCases: count }),
  /** Of the bootstrap interval of the average precision. */
  resamples: count,
  candidate: evaluatedModel,
  running: evaluatedModel.nullable(),
  comparison: evaluationComparison.nullable(),
  /** Threshold, net benefit of the candidate, of the running version, of treating all; treating none is 0. */
  decisionCurve: z.array(z.tuple([figure, figure, figure.nullable(), figure])).max(99),
  subgroups: z.array(evaluationGroup).max(400),
  /** Subgroups beyond the largest of an axis that were left out, by axis. */
  leftOut: z.array(z.strictObject({ by: z.enum(EVALUATION_AXES), groups: count })),
  shortcuts: z.array(shortcutCheck).max(3),
})
export type EvaluationDocument = z.infer<typeof evaluationDocument>

/** A declared gate after it was judged. */
export const declaredOutcome = z.strictObject({
  measure: z.string().max(60),
  operatingPoint: z.string().max(80).nullable(),
  /** The subgroup that decided. */
  subgroup: z.strictObject({ by: z.enum(EVALUATION_AXES), value: z.string().max(80) }).nullable(),
  comparison: z.enum(['absolute', 'against-running', 'subgroup-gap']),
  judgedBy: z.enum(['estimate', 'unfavourable-bound', 'favourable-bound']),
  direction: z.enum(['at-least', 'at-most']),
  value: figure.nullable(),
  low: figure.nullable(),
  high: figure.nullable(),
  n: count.nullable(),
  minimumCases: count,
  outcome: z.enum(['passed', 'failed', 'not-evaluable']),
  reason: line,
})
export type DeclaredOutcome = z.infer<typeof declaredOutcome>

/**
 * A gate and what was measured, as people read it. `holds` is whether the candidate may go on; a gate that could not be
 * evaluated says so in `outcome`, and holds only where that was declared.
 */
export const gateResult = z.object({
  name: z.string(),
  wanted: z.string(),
  value: z.number().nullable(),
  holds: z.boolean(),
  outcome: z.enum(['passed', 'failed', 'not-evaluable']),
  low: z.number().nullable(),
  high: z.number().nullable(),
  cases: count.nullable(),
  /** The subgroup that decided, and why nothing could be measured. */
  detail: z.string().nullable(),
})
export type GateResult = z.infer<typeof gateResult>

/**
 * GET /api/training-runs/:run/evaluation and /api/models/:name/versions/:version/evaluation. Null: there is none, as of
 * packages that were trained elsewhere.
 */
export const evaluationView = z.object({
  finding: z.string().nullable(),
  evaluation: evaluationDocument.nullable(),
  gates: z.array(gateResult),
  gatesDeclaredBy: z.enum(['package', 'default']).nullable(),
})
export type EvaluationView = z.infer<typeof evaluationView>
