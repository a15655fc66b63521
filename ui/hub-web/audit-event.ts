import { z } from 'zod'
import { type AuditQueryView, auditQuery } from '../contract/hub-api.ts'

/** What the address says of the view: what is searched for. What does not fit is left out, not an error. */
export const auditSearch = z.object(
  Object.fromEntries(
    Object.entries(auditQuery.shape).map(([name, schema]) => [name, schema.catch(undefined)]),
    // Each member keeps its name; a member that does not fit becomes an absent one, which its schema allows.
  ) as unknown as typeof auditQuery.shape,
)

/** The members of a search that narrow it, as a query string; `''` for none. */
export function queryString(query: AuditQueryView, more: Readonly<Record<string, string>> = {}): string {
  const members = Object.entries({ ...query, ...more }).filter(([, value]) => value !== undefined && value !== '')
  return new URLSearchParams(members as [string, string][]).toString()
}

/** The members of an entry that a table shows. The full schema belongs to the log; a page must also read newer ones. */
const shownEvent = z.object({
  at: z.string(),
  event: z.string(),
  actor: z.object({ kind: z.string(), id: z.string() }),
  subject: z.object({ kind: z.string(), id: z.string() }).nullable(),
  outcome: z.string(),
  codes: z.array(z.string()),
})
export type ShownEvent = z.infer<typeof shownEvent>

/** An entry as a table shows it; `undefined` when the entry cannot be read, which is itself worth seeing. */
export function readEvent(event: unknown): ShownEvent | undefined {
  return shownEvent.safeParse(event).data
}
