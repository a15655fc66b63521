import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/**
 * The appliance's HTTP interface for people at the site. Everything under `/api/studies` may identify patients and never
 * leaves the site; no identifying value stands in a URL.
 */

export * from './audit-details.ts'
export * from './audit-feeds.ts'
export * from './backfill.ts'
export * from './breaches.ts'
export * from './common.ts'
export * from './corrections.ts'
export * from './deliveries.ts'
export * from './deployments.ts'
export * from './destinations.ts'
export * from './device-status.ts'
export * from './egress.ts'
export * from './egress-list.ts'
export * from './enrolment.ts'
export * from './explanations.ts'
export * from './heat-palette.ts'
export * from './local-models.ts'
export * from './local-settings.ts'
export * from './pixels.ts'
export * from './radiomics.ts'
export * from './retention.ts'
export * from './rules.ts'
export * from './scoring-api.ts'
export * from './scoring-status.ts'
export * from './study-detail.ts'
export * from './study-list.ts'
export * from './sync.ts'

/**
 * The appliance's HTTP interface for people at the site. Everything under `/api/studies` may identify patients and never
 * leaves the site; no identifying value stands in a URL. Times are ISO 8601 instants in UTC.
 */

/** What a person may be at a site. `operator` is whoever holds the operator token: the local command line. */
export const localRole = z.enum(['technologist', 'radiologist', 'site-admin', 'operator'])
export type LocalRole = z.infer<typeof localRole>

/** GET and POST /api/session. The session itself is a cookie that scripts cannot read. */
export const localSession = z.object({
  account: z.string(),
  role: localRole,
  /** The person's pseudonym, as it stands in the audit log; null for the operator. */
  person: z.string().nullable(),
  expiresAt: instant.nullable(),
})
export type LocalSession = z.infer<typeof localSession>

/** GET /api/quarantine. Identifies no patient: the study's pseudonym leads to the study where there is one. */
export const quarantineList = z.object({
  entries: z.array(
    z.object({
      quarantine: count,
      stage: z.enum(['intake', 'deidentify', 'verify']),
      reason: z.string(),
      study: pseudonym.nullable(),
      sopClassUid: z.string(),
      transferSyntaxUid: z.string(),
      bytes: count,
      callingAeTitle: z.string(),
      at: instant,
    }),
  ),
})
export type QuarantineList = z.infer<typeof quarantineList>

/** POST /api/leaks/:alarm/settle: which alarm. */
export const leakParameters = z.object({ alarm: z.coerce.number().int().min(1) })
export const leakSettled = z.object({ settled: z.literal(true) })
