import { z } from 'zod'
import { instant } from './fields.ts'

/** Cases of suspected breaches (45 CFR 164.400-414), over the appliance's interface. What people write stays at the site. */

const day = z.iso.date()
const count = z.number().int().min(0).max(1_000_000_000)
const text = z.string().trim().min(1).max(4000)
const entries = z.array(z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)).max(1000)

/** POST /api/breaches. `entries`: places in the audit log. */
export const breachOpenRequest = z.strictObject({ discoveredOn: day, summary: text, entries: entries.default([]) })

/** POST /api/breaches/:case/steps. */
export const breachStepRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('evidence'), entries: entries.min(1) }),
  z.strictObject({
    kind: z.literal('assessed'),
    conclusion: z.enum(['breach', 'low-probability']),
    affected: count,
    mostInOneState: count,
    factors: z.strictObject({ natureAndExtent: text, whoUsedIt: text, acquiredOrViewed: text, mitigated: text }),
  }),
  z.strictObject({ kind: z.literal('notified'), whom: z.enum(['individuals', 'media', 'secretary']), on: day }),
  z.strictObject({ kind: z.literal('closed'), reason: text }),
])
export type BreachStepRequest = z.infer<typeof breachStepRequest>

/** GET /api/breaches/:case, and each of GET /api/breaches. */
export const breachView = z.object({
  case: count,
  discoveredOn: day,
  summary: z.string(),
  state: z.enum(['open', 'assessed', 'closed']),
  conclusion: z.enum(['breach', 'low-probability']).nullable(),
  affected: count.nullable(),
  evidence: z.array(count),
  duties: z.array(
    z.object({ whom: z.string(), due: day, clause: z.string(), doneOn: day.nullable(), overdue: z.boolean() }),
  ),
  steps: z.array(z.object({ at: instant, by: z.string(), step: z.looseObject({ kind: z.string() }) })),
})
export type BreachView = z.infer<typeof breachView>

export const breachList = z.object({ cases: z.array(breachView) })
export type BreachList = z.infer<typeof breachList>

/** GET /api/breaches/:case/file: everything about a case, each entry of the log with its proof. */
export const breachFile = z.object({
  schema: z.literal('leadglass.breach-case/1'),
  device: z.string(),
  case: breachView,
  evidence: z.array(z.object({ entry: count, event: z.unknown(), proof: z.string() })),
})
export type BreachFile = z.infer<typeof breachFile>

/** POST /api/breaches. */
export const breachOpened = z.object({ case: count })
