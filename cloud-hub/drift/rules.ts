import { vocabularyCode } from '@leadglass/sync-agent/contract'
import { z } from 'zod'

const share = z.number().gt(0).max(1)

/** When drift is looked for, and what counts as such. The defaults are those of the literature that docs/drift.md cites. */
export const driftRules = z.strictObject({
  /** Hours of one window; windows begin at multiples of it since 1970, in UTC. */
  windowHours: z.number().int().min(1).max(168).default(24),
  /** Windows that are kept in view. */
  windows: z.number().int().min(3).max(90).default(14),
  /** Observations below which nothing is said. */
  minimum: z.number().int().min(50).max(100_000).default(150),
  /** Observations from which a site's own first windows are its reference, where a package has none. */
  baseline: z.number().int().min(100).max(1_000_000).default(300),
  /** Expected share of false calls among the calls of one site and window (Benjamini and Hochberg). */
  falseDiscovery: share.default(0.01),
  /** Stability index beyond what chance gives, from which a shift is moderate, and major. */
  moderate: z.number().positive().max(10).default(0.1),
  major: z.number().positive().max(10).default(0.25),
  /** Change of the share of studies above the operating point that matters to patients, of all findings or of one. */
  positiveShift: share.default(0.05),
  positiveShiftOf: z.record(vocabularyCode, share).default({}),
  /** Mean standardised distance of a group, in standard deviations of chance, that is too much. */
  group: z.number().positive().max(10).default(3),
  /** Share of a group's features that may have moved. */
  groupShare: share.default(0.5),
  /** Weight of a feature within its group, 1 where none is named: how much performance depends on it. */
  weights: z.record(z.string().max(200), z.number().min(0).max(1000)).default({}),
  /** An alert clears below this share of its limit. */
  clearAt: share.default(0.8),
  /** Hours after an alert in which the same one does not come again. */
  coolDownHours: z.number().min(0).max(720).default(4),
  /** Hours after the end of a window for which late envelopes are waited for. */
  graceHours: z.number().min(0).max(168).default(2),
})
export type DriftRules = z.infer<typeof driftRules>
