import { z } from 'zod'
import { modelVersion } from './common.ts'
import { correctionView, receivedView, withdrawnView } from './corrections.ts'
import { modelUseView } from './deployments.ts'
import { count, instant, pseudonym } from './fields.ts'
import { radiomicsView } from './radiomics.ts'
import { routeView } from './rules.ts'
import { scoreView, studyState, studySummary } from './study-list.ts'

/** Why a revision was declared complete. */
export const completionReason = z.enum([
  'procedure-step',
  'instance-availability',
  'instance-count',
  'association-end-and-quiet',
  'quiet-timer',
  'cap',
  'restart',
  'correction',
])

/** One instance of the current revision, and what was said of it. */
export const instanceView = z.object({
  instance: count,
  sopInstanceUid: z.string(),
  sopClassUid: z.string(),
  transferSyntaxUid: z.string(),
  modality: z.string().nullable(),
  bytes: count,
  receivedAt: instant,
  callingAeTitle: z.string(),
  scores: z.array(scoreView),
  /** Reasons why models, or none at all, did not score it. */
  notScored: z.array(z.object({ reason: z.string(), model: modelVersion.nullable() })),
  quality: z.record(z.string(), z.number()),
})
export type InstanceView = z.infer<typeof instanceView>

export const revisionView = z.object({
  revision: z.number().int().min(1),
  state: studyState,
  completion: completionReason.nullable(),
  /** Instances that the source, a procedure step or an announcement named when the revision was closed. */
  expectedInstances: count.nullable().optional(),
  reason: z.string().nullable(),
  attempts: count,
  openedAt: instant,
  completedAt: instant.nullable(),
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  /** What the rules decided; null until they did. */
  route: routeView.nullable().optional(),
  /** Why nothing about the revision leaves the box: text in its pixels, or doubt. */
  egressBlocked: z.string().nullable().optional(),
})
export type RevisionView = z.infer<typeof revisionView>

export const deliveryView = z.object({
  delivery: count,
  revision: z.number().int().min(1),
  destination: z.string(),
  state: z.enum(['pending', 'accepted', 'dead']),
  attempts: count,
  lastError: z.string().nullable(),
  nextAttemptAt: instant.nullable(),
  settledAt: instant.nullable(),
  /** When the destination accepted it, while its word that it keeps it is awaited. */
  storedAt: instant.nullable().optional(),
  /** By what it counts as delivered. */
  confirmedBy: z.enum(['store', 'commitment', 'query']).nullable().optional(),
})
export type DeliveryView = z.infer<typeof deliveryView>

export const labelValue = z.enum(['present', 'absent', 'uncertain'])

/** POST /api/studies/:study/label. */
export const labelRequest = z.strictObject({
  finding: z.string().regex(/^[a-z][a-z0-9-]{0,39}(?:\.[a-z][a-z0-9-]{0,39}){0,3}$/),
  value: labelValue,
  /** True when the reader answered before any score was shown. */
  blind: z.boolean(),
})
export type LabelRequest = z.infer<typeof labelRequest>

/** Answer of POST /api/studies/:study/label, and each label of a study. */
export const labelDetail = z.object({
  label: z.uuid(),
  study: pseudonym,
  revision: z.number().int().min(1),
  finding: z.string(),
  value: labelValue,
  blind: z.boolean(),
  /** Pseudonym of the person who stated it. */
  reader: z.string(),
  at: instant,
  /** False when it was given on a revision of other instances than the current one: it trains nothing. */
  counts: z.boolean().optional(),
})
export type LabelDetail = z.infer<typeof labelDetail>

/** An earlier study of the patient that was fetched because this study came. */
export const priorView = z.object({
  studyInstanceUid: z.string(),
  studyDate: z.string(),
  modalities: z.string(),
  source: z.string(),
  state: z.enum(['fetching', 'whole', 'partial', 'failed']),
  reason: z.string().nullable(),
  instances: count,
  bytes: count,
})
export type PriorView = z.infer<typeof priorView>

/** GET /api/studies/:study: the current revision in full, and the history. */
export const studyDetail = z.object({
  summary: studySummary,
  patientPseudonym: pseudonym,
  /** By which sign the current revision was declared complete; null while it may still grow. */
  completion: completionReason.nullable(),
  revisions: z.array(revisionView),
  instances: z.array(instanceView),
  deliveries: z.array(deliveryView),
  /** Earlier studies of the patient, newest first. */
  priors: z.array(priorView).optional(),
  /** With what the current revision was scored: which version of each model, why that one, and what it was given. */
  models: z.array(modelUseView).optional(),
  labels: z.array(labelDetail),
  /** What was corrected, newest first. */
  corrections: z.array(correctionView).optional(),
  /** As received, where a correction put the study under another identity. */
  received: receivedView.optional(),
  /** Instances of the current revision that are kept and not used. */
  withdrawn: z.array(withdrawnView).optional(),
  radiomics: z.array(radiomicsView).optional(),
  /** Findings that a reader may label: the codes of the models in use. */
  findings: z.array(z.object({ code: z.string(), title: z.string() })),
})
export type StudyDetail = z.infer<typeof studyDetail>
