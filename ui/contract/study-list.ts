import { z } from 'zod'
import { modelVersion } from './common.ts'
import { count, instant, pseudonym } from './fields.ts'

/** One word for lists. */
export const studyState = z.enum([
  'receiving',
  'queued',
  'running',
  'scored',
  'not-scored',
  'failed',
  'quarantined',
  'superseded',
])
export type StudyState = z.infer<typeof studyState>

/** Query of GET /api/studies. `before` is `next` of the page before. */
export const studyQuery = z.strictObject({
  state: studyState.optional(),
  search: z.string().min(1).max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: z
    .string()
    .regex(/^\d{1,16}-\d{1,16}$/)
    .optional(),
})
export type StudyQuery = z.infer<typeof studyQuery>

/** One score: its value, and on which side of the operating point it lies that was in force when it was made. */
export const scoreView = z.object({
  code: z.string(),
  title: z.string(),
  value: z.number(),
  thresholdMilli: z.number().int(),
  above: z.boolean(),
  model: modelVersion,
  /** What really ran the graphs; null for results of old. */
  provider: z.enum(['cpu', 'cuda', 'tensorrt']).nullable().optional(),
  /** The backfill that made it; null for a result of the study's own time. */
  backfill: count.nullable().optional(),
  /** A backfill with another version of the model has replaced it. */
  superseded: z.boolean().optional(),
})
export type ScoreView = z.infer<typeof scoreView>

/** One study in the list. `study` is its pseudonym and its name in URLs. */
export const studySummary = z.object({
  study: pseudonym,
  state: studyState,
  revision: z.number().int().min(1),
  instances: count,
  /** Modalities of the study, joined by a backslash as in (0008,0061). */
  modality: z.string(),
  patientName: z.string(),
  patientId: z.string(),
  patientBirthDate: z.string(),
  patientSex: z.string(),
  accessionNumber: z.string(),
  /** As in the object: YYYYMMDD and HHMMSS, or empty. */
  studyDate: z.string(),
  studyTime: z.string(),
  description: z.string(),
  receivedAt: instant,
  lastInstanceAt: instant,
  /** The highest score of each code over the instances of the current revision. */
  scores: z.array(scoreView),
  /** Why the current revision was not scored, failed, or was quarantined. */
  reason: z.string().nullable(),
})
export type StudySummary = z.infer<typeof studySummary>

/** GET /api/studies. */
export const studyList = z.object({
  studies: z.array(studySummary),
  next: z.string().nullable(),
  /** Number of all studies by state, whatever the query. */
  counts: z.partialRecord(studyState, count),
})
export type StudyList = z.infer<typeof studyList>

/** GET /api/events: data of the server-sent events named `study`. */
export const studyEvent = z.object({ study: pseudonym, state: studyState, revision: z.number().int().min(1) })
export type StudyEvent = z.infer<typeof studyEvent>
