import { z } from 'zod'
import { count, instant, pseudonym } from './fields.ts'

/** Deliveries over the appliance's interface: what waits, what was given up and why, and what a person does about it. */

const destinationName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/)

/** `dropped`: a person gave it up. `superseded`: a later revision speaks instead. */
export const deliveryStanding = z.enum(['pending', 'stored', 'accepted', 'dead', 'superseded', 'dropped'])
export type DeliveryStanding = z.infer<typeof deliveryStanding>

/** Query of GET /api/deliveries. `before` is the smallest number of the page before. */
export const deliveryQuery = z.strictObject({
  destination: destinationName.optional(),
  state: z.enum(['pending', 'accepted', 'dead']).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

/** One delivery of the list, and GET /api/deliveries/:delivery. */
export const deliveryItem = z.object({
  delivery: count,
  study: pseudonym,
  revision: z.number().int().min(1),
  destination: z.string(),
  kind: z.enum(['sr', 'sc', 'seg', 'pr', 'pm', 'not-scored', 'note']),
  sopInstanceUid: z.string(),
  standing: deliveryStanding,
  attempts: count,
  /** Why it did not go, as a code. */
  reason: z.string().nullable(),
  /** What kind of failure that is, and what to do next. */
  failureClass: z.enum(['transient', 'ambiguous', 'permanent']).nullable(),
  nextStep: z.string().nullable(),
  createdAt: instant,
  nextAttemptAt: instant.nullable(),
  settledAt: instant.nullable(),
  droppedBy: z.string().nullable(),
  dropReason: z.string().nullable(),
})
export type DeliveryItem = z.infer<typeof deliveryItem>

export const deliveryList = z.object({ deliveries: z.array(deliveryItem) })
export type DeliveryList = z.infer<typeof deliveryList>

/** POST /api/deliveries/replay: one delivery; or all dead ones of a destination, or those that died at `since` or later. */
export const deliveryReplayRequest = z.union([
  z.strictObject({ delivery: count }),
  z.strictObject({ destination: destinationName, since: instant }),
  z.strictObject({ destination: destinationName, all: z.literal(true) }),
])

/** POST /api/deliveries/:delivery/drop. */
export const deliveryDropRequest = z.strictObject({ reason: z.string().trim().min(3).max(500) })

/** What the queue does towards one destination, and how long its oldest result waits. */
export const destinationState = z.object({
  destination: z.string(),
  /** `open`: left alone until `until`, for `reason`. `half-open`: being probed. */
  circuit: z.enum(['closed', 'open', 'half-open']),
  reason: z.string().nullable(),
  nextStep: z.string().nullable(),
  since: instant.nullable(),
  until: instant.nullable(),
  oldestWaitingSeconds: z.number().nullable(),
  /** True when the oldest waits longer than the setting allows. */
  late: z.boolean(),
})
export type DestinationState = z.infer<typeof destinationState>
