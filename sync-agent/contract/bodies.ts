import { z } from 'zod'
import { epochRoot } from './epoch-root.ts'
import {
  modelReference,
  patientPseudonym,
  personPseudonym,
  pseudonymGeneration,
  studyPseudonym,
  vocabularyCode,
} from './identifiers.ts'
import { reportedState } from './reported.ts'

/**
 * What may leave a hospital, kind by kind. Every member is a pseudonym, a code of a closed vocabulary, a number or a
 * month: free text, original UIDs, dates of a study or patient finer than a month and pixel digests have no place to stand.
 */

/** A month of the patient's shifted calendar, `2019-07`. The finest date that may leave. */
export const month = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/)

/** A signed note of a log's checkpoint (C2SP tlog-checkpoint): origin, size, root, an empty line, signature lines. */
const SIGNED_CHECKPOINT =
  /^leadglass\/[a-z0-9-]{1,48}\/audit\n\d{1,16}\n[A-Za-z0-9+/]{43}=\n\n(?:\u2014 [\w./+-]{1,128} [A-Za-z0-9+/]{8,512}={0,2}\n){1,16}$/

/** True for base64 of whole float32 values. */
function isVector(text: string): boolean {
  const bytes = Buffer.byteLength(text, 'base64')
  return bytes > 0 && bytes % 4 === 0
}

/** A figure between -1e9 and 1e9, finite. */
const figure = z.number().min(-1e9).max(1e9)

/** Coarse facts of the acquisition and the patient, as HIPAA Safe Harbor allows them. */
export const acquisitionFacts = z.strictObject({
  modality: z.enum(['CR', 'DX', 'CT', 'MR', 'MG', 'US', 'XA', 'RF', 'NM', 'PT', 'OT']),
  view: z.enum(['AP', 'PA', 'LL', 'unknown']),
  sex: z.enum(['F', 'M', 'O', 'unknown']),
  /** Decade of age: 0 is 0-9, 8 is 80-89, 9 is 90 and above (45 CFR 164.514(b)(2)(i)(C)). */
  ageDecade: z.number().int().min(0).max(9).nullable(),
  month,
})
export type AcquisitionFacts = z.infer<typeof acquisitionFacts>

/** One score of one instance: value in the output's unit, and its side of the operating point in force. */
export const scoreFigure = z.strictObject({
  code: vocabularyCode,
  value: figure,
  thresholdMilli: z.number().int().min(0).max(1_000_000),
  above: z.boolean(),
})
export type ScoreFigure = z.infer<typeof scoreFigure>

/** `features` stream: one scored instance of one study revision. `instance` counts from 0 within the revision. */
export const instanceFeatures = z.strictObject({
  kind: z.literal('instance-features'),
  study: studyPseudonym,
  patient: patientPseudonym,
  generation: pseudonymGeneration,
  revision: z.number().int().min(1),
  instance: z.number().int().min(0).max(100_000),
  acquisition: acquisitionFacts,
  model: modelReference,
  /** float32 values, little-endian, base64. Length as the model package declares. */
  embedding: z.base64().max(4_194_304).refine(isVector, { message: 'is no vector of float32 values' }),
  scores: z.array(scoreFigure).max(64),
  /** `quality.*` and, where the package asks for them, `radiomics.*`; the manifest says how those were computed. */
  quality: z.record(vocabularyCode, figure).refine((record) => Object.keys(record).length <= 192),
})
export type InstanceFeatures = z.infer<typeof instanceFeatures>

/** `features` stream: a study revision, or one instance of it, that no model scored, and why. */
export const notScored = z.strictObject({
  kind: z.literal('not-scored'),
  study: studyPseudonym,
  patient: patientPseudonym,
  generation: pseudonymGeneration,
  revision: z.number().int().min(1),
  instance: z.number().int().min(0).max(100_000),
  reason: vocabularyCode,
})
export type NotScored = z.infer<typeof notScored>

/** `labels` stream: what a reader verified as ground truth. A later label of the same reader and finding replaces this one. */
export const studyLabel = z.strictObject({
  kind: z.literal('study-label'),
  label: z.uuid(),
  study: studyPseudonym,
  patient: patientPseudonym,
  generation: pseudonymGeneration,
  revision: z.number().int().min(1),
  finding: vocabularyCode,
  value: z.enum(['present', 'absent', 'uncertain']),
  reader: personPseudonym,
  /** True when the reader answered before any score was shown. */
  blind: z.boolean(),
})
export type StudyLabel = z.infer<typeof studyLabel>

/** A feature of a model's reference distributions: `score.pneumonia`, `embedding.0`, `quality.mean`. */
const referenceFeature = z.string().regex(/^[a-z][a-z0-9-]{0,39}(?:\.[a-z0-9][a-z0-9-]{0,39}){1,3}$/)

/** `drift` stream: counts per bin on the edges of the model's reference distributions. Only cells of 11 or more leave. */
export const driftCounts = z.strictObject({
  kind: z.literal('drift-counts'),
  model: modelReference,
  feature: referenceFeature,
  /** The month in which the counts left; where there is no `hour`, the one in which the site scored the instances. */
  month,
  /**
   * The hour of that month, counted from 0, at whose end the counts left. It is of the site's clock and of eleven instances
   * or more, never of a study. Earlier versions do not say it.
   */
  hour: z.number().int().min(0).max(743).optional(),
  /** Bin index to number of instances; cells under 11 stay at the site until they reach 11. */
  cells: z
    .array(z.strictObject({ bin: z.number().int().min(0).max(1000), count: z.number().int().min(11) }))
    .min(1)
    .max(1001),
})
export type DriftCounts = z.infer<typeof driftCounts>

/** What the counts of a deployment count; `pair` is the two by two table at the operating point. */
const deploymentMeasure = z.enum([
  'pair',
  'unpaired',
  'score-champion',
  'score-candidate',
  'latency-champion',
  'latency-candidate',
  'run-champion',
  'run-candidate',
])

/**
 * `drift` stream: how a version that runs beside the one in use compares with it, in counts over studies. Only cells of 11
 * or more leave, each count once.
 */
export const deploymentStatistics = z.strictObject({
  kind: z.literal('deployment-statistics'),
  model: modelReference,
  /** The version in use that it is compared with. */
  champion: z.strictObject({ model: modelReference }),
  role: z.enum(['canary', 'arm', 'shadow']),
  /** The month in which the counts leave. */
  month,
  cells: z
    .array(
      z.strictObject({
        measure: deploymentMeasure,
        /** The output that is counted; null for what is of the whole run. */
        code: vocabularyCode.nullable(),
        bin: z.number().int().min(0).max(1000),
        count: z.number().int().min(11),
      }),
    )
    .min(1)
    .max(1000),
})
export type DeploymentStatistics = z.infer<typeof deploymentStatistics>

/** `audit` stream: one leaf of the site's log, as it stands in the tree. */
export const auditLeaf = z.strictObject({
  kind: z.literal('audit-leaf'),
  index: z.number().int().min(0),
  /** Canonical JSON bytes of the leaf, base64. The hub recomputes the tree from these. */
  leaf: z.base64().max(90_000),
})
export type AuditLeaf = z.infer<typeof auditLeaf>

/** `audit` stream: a signed checkpoint of the site's log (C2SP tlog-checkpoint, a signed note). */
export const auditCheckpoint = z.strictObject({
  kind: z.literal('audit-checkpoint'),
  note: z.string().max(8192).regex(SIGNED_CHECKPOINT),
})
export type AuditCheckpoint = z.infer<typeof auditCheckpoint>

/** `health` stream: what the box runs and how full it is. */
export const deviceHealth = z.strictObject({
  kind: z.literal('device-health'),
  softwareVersion: z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,6}$/),
  models: z.array(z.strictObject({ model: modelReference, state: z.enum(['active', 'staged', 'refused']) })).max(64),
  figures: z.record(vocabularyCode, figure).refine((record) => Object.keys(record).length <= 64),
})
export type DeviceHealth = z.infer<typeof deviceHealth>

/**
 * `features` stream: a later revision of a study supersedes everything said of earlier ones. `patient` is the pseudonym
 * in force for all that was ever said of the study: after a merge it is the surviving patient's.
 */
export const studyRevision = z.strictObject({
  kind: z.literal('study-revision'),
  study: studyPseudonym,
  patient: patientPseudonym,
  generation: pseudonymGeneration,
  revision: z.number().int().min(2),
  /** Why there is this revision: a late instance, a merge, an accession number, a rejection. */
  causes: z.array(vocabularyCode).min(1).max(16),
  /** Other revisions of exactly the same instances: what a reader said of one of those still counts. */
  sameInstances: z.array(z.number().int().min(1)).max(1000),
})
export type StudyRevision = z.infer<typeof studyRevision>

/** Any body. */
export const envelopeBody = z.discriminatedUnion('kind', [
  instanceFeatures,
  notScored,
  studyRevision,
  studyLabel,
  driftCounts,
  deploymentStatistics,
  auditLeaf,
  auditCheckpoint,
  epochRoot,
  deviceHealth,
  reportedState,
])
export type EnvelopeBody = z.infer<typeof envelopeBody>
