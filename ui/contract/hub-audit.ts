import { z } from 'zod'

/** What a search asks for; absent members do not narrow. Also the query string, and what a saved view keeps. */
export const auditQuery = z.strictObject({
  /** `hub`, or the name of a device; every log when absent. */
  log: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .optional(),
  /** A word of the vocabulary, or the part before its dot. */
  event: z
    .string()
    .regex(/^[a-z][a-z0-9.-]{0,127}$/)
    .optional(),
  actor: z.string().min(1).max(128).optional(),
  subject: z.string().min(1).max(128).optional(),
  model: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .optional(),
  outcome: z.enum(['success', 'failure', 'refused']).optional(),
  /** Days in UTC, both inclusive. */
  from: z.iso.date().optional(),
  until: z.iso.date().optional(),
})
export type AuditQueryView = z.infer<typeof auditQuery>

/** GET /api/audit/search. `next` is the value of `after` for the following page. */
export const auditMatches = z.object({
  entries: z.array(
    z.object({ log: z.string(), origin: z.string(), index: z.number().int(), hash: z.string(), event: z.unknown() }),
  ),
  next: z.string().nullable(),
  /** Entries that are not in the index yet. */
  waiting: z.number().int(),
})
export type AuditMatchesView = z.infer<typeof auditMatches>

/** GET and POST /api/audit/views: what this account has saved. */
export const savedView = z.strictObject({ name: z.string().trim().min(1).max(80), query: auditQuery })
export const savedViewList = z.object({
  views: z.array(z.object({ name: z.string(), query: auditQuery, savedAt: z.iso.datetime() })),
})
export type SavedViewList = z.infer<typeof savedViewList>

/** POST /api/audit/holds. */
export const newLogHold = z.strictObject({
  log: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .nullable(),
  year: z.number().int().min(2000).max(9999).nullable(),
  reason: z.string().trim().min(1).max(500),
})

/** GET /api/audit/retention. An epoch is a calendar year of one log; `to` is not included. */
export const auditRetention = z.object({
  years: z.number().int(),
  epochs: z.array(
    z.object({
      origin: z.string(),
      year: z.number().int(),
      from: z.number().int(),
      to: z.number().int(),
      state: z.enum(['kept', 'due', 'held', 'unsigned', 'pruned']),
    }),
  ),
  holds: z.array(
    z.object({
      hold: z.number().int(),
      origin: z.string().nullable(),
      year: z.number().int().nullable(),
      reason: z.string(),
      placedBy: z.string(),
      placedAt: z.string(),
      liftedBy: z.string().nullable(),
      liftedAt: z.string().nullable(),
    }),
  ),
})
export type AuditRetentionView = z.infer<typeof auditRetention>
