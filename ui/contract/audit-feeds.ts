import { z } from 'zod'
import { count, instant } from './fields.ts'

/** How the hospital's audit repositories stand, over the appliance's interface. */

/** One repository. */
export const auditFeedView = z.object({
  name: z.string(),
  kind: z.enum(['syslog', 'fhir']),
  /** Entries of the audit log that it has for certain, from the first on. */
  sent: count,
  /** Entries that it does not have yet. */
  waiting: count,
  takenAt: instant.nullable(),
  /** It has taken nothing since; null while all is well. */
  failingSince: instant.nullable(),
  failure: z.string().nullable(),
  /** It has failed for longer than the settings allow. */
  late: z.boolean(),
})
export type AuditFeedView = z.infer<typeof auditFeedView>

/** GET /api/audit/feeds. */
export const auditFeedList = z.object({ feeds: z.array(auditFeedView) })
export type AuditFeedList = z.infer<typeof auditFeedList>
