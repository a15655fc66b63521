import { z } from 'zod'

/** What the address says of the view: which log. */
export const auditSearch = z.object({
  log: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .optional()
    .catch(undefined),
})

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
