import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** Retention and legal holds over the appliance's interface. */

const reason = z.string().trim().min(3).max(500)

/** GET /api/retention/plan: what a run would remove now; changes nothing. */
export const retentionPlan = z.object({
  due: z.array(z.object({ study: pseudonym, rule: z.string(), since: instant })),
  dueCount: count,
  dueBytes: count,
  /** Studies that stay, by the reason why. */
  kept: z.record(z.string(), count),
  /** Fetched priors that would go. */
  priors: count,
  /** Instances of no study, set aside, that would go. */
  quarantined: count,
})
export type RetentionPlanView = z.infer<typeof retentionPlan>

/** POST /api/retention/run. */
export const retentionRun = z.object({
  purged: count,
  priors: count,
  quarantined: count,
  /** False when the window closed before everything was done. */
  finished: z.boolean(),
})
export type RetentionRunView = z.infer<typeof retentionRun>

/** GET /api/retention/purged: what has gone, newest first. */
export const purgeList = z.object({
  purged: z.array(
    z.object({
      study: pseudonym,
      rule: z.string(),
      instances: count,
      bytes: count,
      at: instant,
      /** When the files were removed and the database written over; null while that is to be done. */
      settledAt: instant.nullable(),
    }),
  ),
})
export type PurgeList = z.infer<typeof purgeList>

/** POST /api/holds: on one study, or on every study of a patient, those still to come included. */
export const holdRequest = z.union([
  z.strictObject({ study: pseudonym, reason }),
  z.strictObject({ patient: pseudonym, reason }),
])
/** POST /api/holds/:hold/lift. */
export const liftRequest = z.strictObject({ reason })

export const holdView = z.object({
  hold: z.number().int(),
  study: pseudonym.nullable(),
  patient: pseudonym.nullable(),
  reason: z.string(),
  placedBy: z.string(),
  placedAt: instant,
  liftedBy: z.string().nullable(),
  liftedReason: z.string().nullable(),
  liftedAt: instant.nullable(),
})

/** GET /api/holds: those in force first. */
export const holdList = z.object({ holds: z.array(holdView) })
export type HoldList = z.infer<typeof holdList>
