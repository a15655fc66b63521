import { z } from 'zod'
import { modelVersion } from './common.ts'

const count = z.number().int().min(0)
const figure = z.number().nullable()
/** `P1` now, `P2` this day, `P3` this week. */
const priority = z.enum(['P1', 'P2', 'P3'])

/** An alert about a version in use, until a person has settled it. `device` is `*` for all sites together. */
export const monitoringAlert = z.object({
  alert: z.uuid(),
  device: z.string(),
  model: modelVersion,
  finding: z.string(),
  what: z.string(),
  priority,
  detail: z.array(z.string()),
  raisedAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  settledAt: z.iso.datetime().nullable(),
  settledBy: z.string().nullable(),
  reason: z.string().nullable(),
})
export type MonitoringAlert = z.infer<typeof monitoringAlert>

/** GET /api/performance/alerts and /api/fairness/alerts: open ones first. */
export const monitoringAlertList = z.object({ alerts: z.array(monitoringAlert) })
export type MonitoringAlertList = z.infer<typeof monitoringAlertList>

/** POST /api/performance/alerts/:alert/settle and /api/fairness/alerts/:alert/settle. */
export const monitoringSettlement = z.strictObject({ reason: z.string().trim().min(1).max(500) })

export const performanceMetric = z.enum([
  'roc-auc',
  'average-precision',
  'f1',
  'precision',
  'recall',
  'specificity',
  'accuracy',
])

/** One chunk of studies: what is to be expected of it, and what readers have found. */
export const performanceChunk = z.object({
  key: z.string(),
  from: z.string(),
  to: z.string(),
  n: count,
  /** Studies whose score is no finite number. */
  unusable: count,
  /** False where the chunk is too small to be judged. */
  judged: z.boolean(),
  /** The estimator was made from studies of this time. */
  ofReference: z.boolean(),
  /** Share of scores outside of what the reference has seen. */
  outsideSupport: z.number(),
  confusion: z.object({
    truePositive: z.number(),
    falsePositive: z.number(),
    trueNegative: z.number(),
    falseNegative: z.number(),
  }),
  figures: z.array(
    z.object({
      metric: performanceMetric,
      value: figure,
      samplingError: figure,
      low: figure,
      high: figure,
      lowerLimit: figure,
      upperLimit: figure,
      beyond: z.boolean(),
    }),
  ),
  /** Of studies that blinded readers have labelled; `expected` is the estimate on exactly these. */
  realised: z.object({
    n: count,
    coverage: z.number(),
    figures: z
      .array(z.object({ metric: performanceMetric, value: figure, expected: figure, below: z.boolean() }))
      .nullable(),
    medianDelayDays: z.number().optional(),
    aboveShare: z.object({ labelled: z.number(), all: z.number() }).optional(),
  }),
})
export type PerformanceChunk = z.infer<typeof performanceChunk>

const bounds = z.object({ low: z.number(), high: z.number() }).nullable()

/** One version at one site for one finding. */
export const performanceView = z.object({
  device: z.string(),
  model: modelVersion,
  finding: z.string(),
  state: z.enum([
    'estimated',
    'from-counts',
    'no-reference',
    'too-few-cases',
    'too-few-positives',
    'too-few-negatives',
    'scores-not-finite',
  ]),
  studies: count,
  reference: z
    .object({
      source: z.enum(['site-labels', 'uploaded']),
      cases: count,
      positives: count,
      until: z.string().nullable(),
      digest: z.string(),
      madeAt: z.string(),
      madeBy: z.string(),
      calibration: z.enum(['isotonic', 'none']),
      support: z.object({ low: z.number(), high: z.number() }),
    })
    .nullable(),
  labels: z.object({ studies: count, used: count, excluded: z.record(z.string(), count) }),
  chunkings: z.array(
    z.object({
      chunking: z.enum(['count', 'week', 'month']),
      size: count,
      limitsFrom: z.enum(['reference-chunks', 'sampling-error']),
      /** Chunks that are further back than those shown. */
      older: count,
      chunks: z.array(performanceChunk),
    }),
  ),
  /** Where counts left a site and no single scores: bounds by month that hold wherever in its bin a score was. */
  counts: z.array(
    z.object({
      month: z.string(),
      n: count,
      figures: z
        .object({ f1: bounds, precision: bounds, recall: bounds, specificity: bounds, accuracy: bounds })
        .nullable(),
    }),
  ),
  computedAt: z.iso.datetime(),
})
export type PerformanceView = z.infer<typeof performanceView>

/** GET /api/performance?model=&version=&device= */
export const performanceList = z.object({ views: z.array(performanceView) })

/**
 * POST /api/performance/references: cases with labels that no site has sent, such as a vendor's held-out set. Of each the
 * score, whether it is at or above the operating point, and the truth; 1 is yes.
 */
export const performanceReferenceRequest = z.strictObject({
  model: modelVersion.shape.digest,
  finding: z
    .string()
    .max(160)
    .regex(/^[a-z][a-z0-9-]{0,39}(?:\.[a-z][a-z0-9-]{0,39}){0,3}$/),
  reason: z.string().trim().min(1).max(500),
  cases: z
    .array(z.tuple([z.number(), z.union([z.literal(0), z.literal(1)]), z.union([z.literal(0), z.literal(1)])]))
    .min(1)
    .max(8000),
})
export const performanceReferenceTaken = z.object({ digest: z.string() })

export const groupMetric = z.enum([
  'selection-rate',
  'true-positive-rate',
  'false-positive-rate',
  'precision',
  'accuracy',
  'roc-auc',
  'calibration-error',
  'calibration-in-the-large',
])
export const disparityMeasure = z.enum([
  'demographic-parity-difference',
  'demographic-parity-ratio',
  'equalised-odds-difference',
  'equalised-odds-ratio',
  'equal-opportunity-difference',
  'equal-opportunity-ratio',
  'sensitivity-gap',
  'roc-auc-gap',
  'calibration-gap',
])

/** One group of patients; counts are in tens. Figures are null of groups that are too small to be compared. */
const fairnessGroup = z.object({
  group: z.string(),
  n: count,
  patients: count,
  compared: z.boolean(),
  calibrationSlope: figure,
  figures: z.array(z.object({ metric: groupMetric, value: figure, low: figure, high: figure })),
})
export type FairnessGroup = z.infer<typeof fairnessGroup>

/** The groups of one dimension, or of two crossed, and how far they are apart. */
const fairnessDimension = z.object({
  dimension: z.string(),
  /** Groups of too few patients to be shown. */
  withheld: count,
  n: count,
  overall: z.array(z.object({ metric: groupMetric, value: figure })),
  groups: z.array(fairnessGroup),
  disparities: z.array(
    z.object({
      measure: disparityMeasure,
      value: figure,
      low: figure,
      high: figure,
      limit: figure,
      /** `beyond`: the whole interval is; `watch`: the value is, its interval is not. */
      verdict: z.enum(['within', 'watch', 'beyond', 'too-few']),
    }),
  ),
})
export type FairnessDimension = z.infer<typeof fairnessDimension>

/** One version for one finding, at all sites together. */
export const fairnessView = z.object({
  model: modelVersion,
  finding: z.string(),
  state: z.enum(['assessed', 'too-few-labelled']),
  /** Labelled studies, in tens. */
  labelled: count,
  unusable: count,
  dimensions: z.array(fairnessDimension),
  computedAt: z.iso.datetime(),
})
export type FairnessView = z.infer<typeof fairnessView>

/** GET /api/fairness?model=&version= */
export const fairnessList = z.object({ views: z.array(fairnessView) })
