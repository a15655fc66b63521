import { z } from 'zod'
import { modelVersion } from './common.ts'

const driftWindow = z.object({ from: z.iso.datetime(), to: z.iso.datetime() })
const featureGroup = z.enum(['scores', 'appearance', 'metadata', 'labels', 'operation'])

/** One feature of one model at one site (`*`: all sites together) in one window, on the bins of its reference. */
const driftFeature = z.object({
  device: z.string(),
  model: modelVersion,
  feature: z.string(),
  group: featureGroup,
  window: driftWindow,
  month: z.string(),
  isOrdered: z.boolean(),
  n: z.number().int(),
  psi: z.number().nullable(),
  /** The stability index beyond what chance gives; the verdict is of it. */
  shift: z.number().nullable(),
  /** Against the limit of an alert: 1 and above is too much. */
  level: z.number().nullable(),
  test: z.enum(['ks', 'chi-square']),
  /** Adjusted for all features of the site and window (Benjamini and Hochberg; Bonferroni). */
  q: z.number().nullable(),
  familyP: z.number().nullable(),
  ksP: z.number().nullable(),
  chiSquareP: z.number().nullable(),
  fitP: z.number().nullable(),
  measures: z
    .object({
      psi: z.number(),
      kullbackLeibler: z.number(),
      jensenShannon: z.number(),
      hellinger: z.number(),
      wasserstein: z.number(),
      ks: z.number(),
    })
    .nullable(),
  /** Share of studies above the operating point, and the change of it that matters. */
  positives: z.object({ reference: z.number(), current: z.number(), limit: z.number() }).nullable(),
  /** Median, 95th and 99th percentile in milliseconds, of a feature that is a time. */
  quantiles: z.array(z.number().nullable()).nullable(),
  verdict: z.enum(['too-few', 'stable', 'moderate', 'major']),
  referenceOf: z.enum(['package', 'site']),
  edges: z.array(z.number()),
  reference: z.array(z.number()),
  current: z.array(z.number()),
})

/** All features of one group together; `concordance` is the MMC of CheXstray, 0 for none and negative for drift. */
const driftGroup = z.object({
  device: z.string(),
  model: modelVersion,
  group: featureGroup,
  window: driftWindow,
  month: z.string(),
  features: z.number().int(),
  moved: z.number().int(),
  concordance: z.number().nullable(),
  level: z.number().nullable(),
})

/** GET /api/drift. */
export const driftList = z.object({ features: z.array(driftFeature), groups: z.array(driftGroup) })
export type DriftList = z.infer<typeof driftList>

/** GET /api/drift/alerts: what moved too far for long enough, until a person has looked. */
export const driftAlertList = z.object({
  alerts: z.array(
    z.object({
      alert: z.uuid(),
      device: z.string(),
      model: z.string(),
      version: z.string(),
      feature: z.string(),
      test: z.string(),
      month: z.string(),
      verdict: z.string(),
      priority: z.enum(['P1', 'P2', 'P3']),
      advice: z.string(),
      raisedAt: z.iso.datetime(),
      lastSeenAt: z.iso.datetime().nullable(),
      clearedAt: z.iso.datetime().nullable(),
      settledAt: z.iso.datetime().nullable(),
      settledBy: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})
export type DriftAlertList = z.infer<typeof driftAlertList>

/** POST /api/drift/alerts/:alert/settle. */
export const driftSettlement = z.strictObject({ reason: z.string().trim().min(1).max(500) })
