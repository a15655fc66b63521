import { z } from 'zod'
import { modelVersion } from './common.ts'
import { count, instant } from './fields.ts'

/** A date as in (0008,0020). */
const day = z.string().regex(/^\d{8}$/)

/** POST /api/backfills. `model` is a name, or `name@version`, of a model in use. */
export const backfillRequest = z.strictObject({
  model: z.string().regex(/^[a-z][a-z0-9-]{1,63}(?:@[0-9A-Za-z.+-]{1,64})?$/),
  /** Study dates, both included. */
  from: day.optional(),
  to: day.optional(),
  /** One Modality (0008,0060). */
  modality: z
    .string()
    .regex(/^[A-Z0-9]{2,16}$/)
    .optional(),
  /** `22:00-06:00`; equal times mean the whole day. */
  window: z.string().max(11).default('22:00-06:00'),
  /** A zone of the IANA database; that of the site's rules unless told. */
  zone: z.string().max(64).optional(),
  /** Whether results go to destinations. Nothing of a backfill goes to the hub. */
  deliver: z.boolean().default(false),
})

/** POST /api/backfills/:job/state. */
export const backfillChange = z.strictObject({ act: z.enum(['pause', 'resume', 'cancel']) })

/** One backfill and how far it is. */
export const backfillView = z.object({
  job: count,
  model: modelVersion,
  from: day.nullable(),
  to: day.nullable(),
  modality: z.string().nullable(),
  window: z.string(),
  zone: z.string(),
  /** Whether the window is open now. */
  open: z.boolean(),
  deliver: z.boolean(),
  state: z.enum(['running', 'paused', 'cancelled', 'finished']),
  /** Why the box paused it by itself: `model-not-active` or `model-failing`. */
  reason: z.string().nullable(),
  /** Studies: of the job, done, and by what became of them. */
  total: count,
  done: count,
  scored: count,
  notScored: count,
  failed: count,
  skipped: count,
  /** By the clock on the wall, closed hours included; null while nothing is known. */
  secondsLeft: count.nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
})
export type BackfillView = z.infer<typeof backfillView>

/** GET /api/backfills: newest first. */
export const backfillList = z.object({ backfills: z.array(backfillView) })
export type BackfillList = z.infer<typeof backfillList>
